#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/ckpt/checkpoint.h"
#include "rexbert/core/env.h"
#include "rexbert/plan/plan.h"
#include "rexbert/train/run_config.h"

namespace rexbert::train {

// Where a run begins or goes on.
struct Origin {
  enum class Kind { kFresh, kResumed, kContinued, kWeightsOnly };
  Kind kind = Kind::kFresh;
  fs::path folder;              // the checkpoint; none for kFresh
  ckpt::TrainerState state;     // of kResumed and kContinued
  plan::PlanStart start;        // where the plan of this config begins
  int64_t longest_context = 0;  // rows that the checkpoint's model was trained on, tokens

  // For the ranks that read no checkpoint.
  Json to_json() const;
  static Origin from_json(const Json& json);
};

fs::path checkpoint_directory(const RunConfig& config);

// `resume` as in RunRequest; `ranks`: how many train now. Logs what it found.
Origin find_origin(Env& env, const LoadedConfig& loaded, const std::string& resume, int ranks);

// The folder that start_from names: a run directory stands for its newest whole checkpoint.
fs::path resolve_start(Env& env, const std::string& start_from);

// Keys whose change breaks the continuation of a run of which `phase` (an index) is under way, each
// with what it was and is: "phases[0].tokens: 10M then, 20M now".
std::vector<std::string> breaking_changes(const std::map<std::string, std::string>& then,
                                          const std::map<std::string, std::string>& now, int phase);

}  // namespace rexbert::train
