#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/hf/model_config.h"
#include "rexbert/tasks/examples.h"
#include "rexbert/tasks/options.h"
#include "rexbert/tasks/task_model.h"

namespace rexbert::tasks {

constexpr double kWorstScore = std::numeric_limits<double>::lowest();  // infinities have no JSON

struct TuningRequest {
  // A model folder; what it lacks of the MLM head begins anew.
  fs::path start;
  const TaskData& data;
  TuningOptions options;
  // Names the order of the examples and what the model lacks: its task's layer, with
  // `random_weights` all.
  uint64_t seed = 0;
  // The shape of `start`, but not its weights.
  bool random_weights = false;
  std::string device = "cpu";
  nn::Precision precision = nn::Precision::kF32;
  // Where metrics.jsonl and, until remove_tuning_files(), checkpoints and the best weights lie.
  fs::path directory;
  // Updates between checkpoints, from which a killed call goes on; none of shorter runs.
  int64_t checkpoint_steps = 1000;
  // Asked after each update and each batch of validation; when true, fine_tune() ends by
  // Error(kInterrupted). May be empty.
  std::function<bool()> stop_requested;
};

struct TunedModel {
  std::shared_ptr<TaskModel> model;
  hf::ModelConfig config;  // as it is to be saved
  int64_t steps = 0;       // updates done
  // With options.patience: the best epoch, counted from 1, and its validation score.
  int64_t best_epoch = 0;
  double best_score = 0;
};

// Fine-tunes on data.train with the trainer, optimizer, packing and checkpoints of pretraining. The
// same request gives the same bits on the same machine, also after it was stopped or killed and
// called again. metrics.jsonl says of each step its loss, learning rate, and the lines of its
// examples. Errors as hf::load_weights() and Trainer::run().
TunedModel fine_tune(Env& env, const TuningRequest& request);
// Removes what only a call that goes on needs, for when the model has been used.
void remove_tuning_files(Env& env, const fs::path& directory);

// Writes the model, its head and the tokenizer of `tokenizer_folder` as transformers loads them
// into `folder`, which is replaced.
void save_tuned(Env& env, const TunedModel& tuned, const fs::path& tokenizer_folder,
                const fs::path& folder);

// The validation score that hyper-parameters and epochs are chosen by: the first measure of
// request.data.validation, kWorstScore where it has no value.
double validation_score(TunedModel& tuned, const TuningRequest& request);

}  // namespace rexbert::tasks
