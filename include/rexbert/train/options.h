#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/config/schema.h"

// The blocks of a config that belong to the trainer itself; those of streams, phases and the model
// stand with the modules that own them.
namespace rexbert::train {

struct RunOptions {
  std::string name = "run";
  std::string directory;
  uint64_t seed = 17;
  std::string device = "cpu";
  int32_t threads = 0;
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
};

struct EvaluationStream {
  std::string path;
};

struct EvaluationOptions {
  std::map<std::string, EvaluationStream> streams;
  int64_t every = 0;
  bool at_phase_ends = true;
  int64_t tokens = 1'000'000;
  double probability = 0.15;
};

struct LoggingOptions {
  int64_t every_steps = 10;
  bool tensorboard = true;
};

config::EnumNames<OptimizerName> names_of(OptimizerName);

void describe(config::Schema<RunOptions>& schema);
void describe(config::Schema<TokenizerOptions>& schema);
void describe(config::Schema<OptimizerOptions>& schema);
void describe(config::Schema<CheckpointOptions>& schema);
void describe(config::Schema<EvaluationStream>& schema);
void describe(config::Schema<EvaluationOptions>& schema);
void describe(config::Schema<LoggingOptions>& schema);

}  // namespace rexbert::train
