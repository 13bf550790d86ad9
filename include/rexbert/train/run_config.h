#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/batch/options.h"
#include "rexbert/config/schema.h"
#include "rexbert/core/env.h"
#include "rexbert/nn/config.h"
#include "rexbert/plan/plan.h"
#include "rexbert/train/options.h"

// train: everything that a config file says (run_config.h), the trainer with its objective and
// callbacks (trainer.h), and the run that ties them to streams, tokenizer and checkpoints (run.h).
namespace rexbert::train {

// The block `model:`: a preset, single fields, or fields over a preset.
struct ModelOptions : nn::EncoderConfig {
  std::optional<std::string> preset;
};

// A whole config file.
struct RunConfig {
  RunOptions run;
  ModelOptions model;
  TokenizerOptions tokenizer;
  std::map<std::string, batch::StreamOptions> streams;
  OptimizerOptions optimizer;
  std::vector<plan::PhaseOptions> phases;
  std::string start_from;
  std::string tile_from;
  std::string salience;
  batch::DataOptions data;
  CheckpointOptions checkpoint;
  EvaluationOptions evaluation;
  LoggingOptions logging;
  DistributedOptions distributed;

  std::vector<std::string> stream_names() const;
  // `start` is where the run named by start_from ended, or zeros.
  plan::PlanOptions plan_options(const plan::PlanStart& start) const;
};

void describe(config::Schema<ModelOptions>& schema);
void describe(config::Schema<RunConfig>& schema);

// A config file as it was read: the values, and where each came from.
struct LoadedConfig {
  RunConfig config;
  config::Reader reader;
  // YAML with the provenance of each value as a comment.
  std::string resolved() const;
  // Path of each value and its text, as a checkpoint remembers it.
  std::map<std::string, std::string> flattened() const;
};

// Reads `path` with `--set` overrides. Throws Error(kConfig) with every problem found, those of the
// phases included.
LoadedConfig load_run_config(Env& env, const fs::path& path,
                             const std::vector<std::string>& overrides = {});

// The page docs/configuration.md.
std::string configuration_reference();

// The YAML of a shipped preset ("configs/presets/base.yaml"); Error(kConfig) for another name.
std::string_view preset_yaml(const std::string& name);
std::vector<std::string> preset_yaml_names();

}  // namespace rexbert::train
