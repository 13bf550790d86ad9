#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/plan/batch_share.h"
#include "rexbert/plan/plan.h"

namespace rexbert::plan {

// The plan of a run as people read it before they book the machines.

struct Landmark {
  std::string name;  // "start", "end of warm-up", "middle", "end"
  int64_t step = 0;
  double learning_rate = 0;
};

struct BatchGrowth {
  int64_t first_step = 0;
  int64_t tokens_before = 0;  // of the phase
  int64_t rows = 0;
};

// What a phase or run reads of one stream, by the plan's mixture.
struct StreamNeed {
  std::string stream;
  double tokens = 0;
  std::optional<int64_t> held;  // tokens of one epoch; empty where it is not known

  std::optional<double> epochs() const;
};

struct PhaseReport {
  PhaseOptions options;
  PhaseSpan span;
  double weight_decay = 0;
  std::vector<Landmark> landmarks;
  std::vector<BatchGrowth> growth;     // one entry where the batch is constant
  std::vector<BatchShare> shares;      // of the first and last batch size, where ranks are given
  std::vector<StreamNeed> needs;       // streams that the phase uses
  std::vector<std::string> inherited;  // "masking (from configs/base.yaml:31)"
};

// The processes that a run is meant for.
struct Ranks {
  int64_t count = 1;         // divides the lanes
  int64_t micro_tokens = 0;  // data.micro_tokens
};

struct PlanReport {
  PlanStart start;
  int64_t lanes = 0;
  int64_t ranks = 0;  // 0: not given
  int64_t lanes_per_rank = 0;
  std::vector<PhaseReport> phases;
  std::vector<StreamNeed> needs;  // all phases together, in stream order
};

// `held`: tokens each stream holds, where the caller knows; `origins`: the reading of the config,
// to say which keys were inherited (nullptr: nothing is said); `ranks`: to say what each rank does
// of a batch. Throws Error(kUsage) for a number of ranks that does not divide the lanes.
PlanReport make_report(const Plan& plan, const std::map<std::string, int64_t>& held = {},
                       const config::Reader* origins = nullptr,
                       const std::optional<Ranks>& ranks = std::nullopt);

std::string to_text(const PlanReport& report);
Json to_json(const PlanReport& report);

}  // namespace rexbert::plan
