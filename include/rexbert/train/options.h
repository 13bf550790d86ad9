#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/batch/options.h"
#include "rexbert/config/schema.h"
#include "rexbert/dist/options.h"
#include "rexbert/nn/config.h"

// The blocks of a config that belong to the trainer itself; those of streams, phases and the model
// stand with the modules that own them.
namespace rexbert::dist {

config::EnumNames<Backend> names_of(Backend);
config::EnumNames<Compression> names_of(Compression);

}  // namespace rexbert::dist

namespace rexbert::train {

struct RunOptions {
  std::string name = "run";
  std::string directory;
  uint64_t seed = 17;
  std::string device = "cpu";
  nn::Precision precision = nn::Precision::kBf16;
  bool deterministic = true;
  int32_t threads = 0;

  // `precision` on a GPU; the CPU computes in float32.
  nn::Precision device_precision() const {
    return device == "cuda" ? precision : nn::Precision::kF32;
  }
};

struct TokenizerOptions {
  std::string path;
};

enum class OptimizerName { kStableAdamW };

struct OptimizerOptions {
  OptimizerName name = OptimizerName::kStableAdamW;
  std::vector<double> betas = {0.9, 0.98};
  double epsilon = 1e-6;
  double weight_decay = 1e-5;
};

struct CheckpointOptions {
  int64_t every = 0;
  int64_t keep = 3;
  int64_t keep_every = 0;
  bool at_phase_ends = true;
  std::string mirror = {};  // s3:// URL; empty: none
};

struct EvaluationOptions {
  std::map<std::string, batch::StreamOptions> streams;
  int64_t every = 0;
  bool at_phase_ends = true;
  int64_t tokens = 1'000'000;
  double probability = 0.15;
  std::string suite;  // the config of one; empty: none
  int64_t suite_every = 0;
  bool suite_at_phase_ends = true;
};

struct LoggingOptions {
  int64_t every_steps = 10;
  bool tensorboard = true;
};

// How many processes train together; without more than one, all of it is idle.
struct DistributedOptions {
  dist::Backend backend = dist::Backend::kAuto;
  double timeout = 600;
  std::string interface;
  int64_t bucket_bytes = dist::ReducerOptions().bucket_bytes;
  dist::Compression compression = dist::Compression::kNone;
  int64_t check_every_steps = 1000;

  dist::GroupOptions group(const std::string& device) const;
  dist::ReducerOptions reducer() const;
};

config::EnumNames<OptimizerName> names_of(OptimizerName);

void describe(config::Schema<RunOptions>& schema);
void describe(config::Schema<TokenizerOptions>& schema);
void describe(config::Schema<OptimizerOptions>& schema);
void describe(config::Schema<CheckpointOptions>& schema);
void describe(config::Schema<EvaluationOptions>& schema);
void describe(config::Schema<LoggingOptions>& schema);
void describe(config::Schema<DistributedOptions>& schema);

}  // namespace rexbert::train
