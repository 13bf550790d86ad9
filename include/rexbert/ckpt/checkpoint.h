#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/hf/model_config.h"
#include "rexbert/hf/safetensors.h"
#include "rexbert/nn/model.h"
#include "rexbert/optim/stable_adamw.h"
#include "rexbert/plan/plan.h"

namespace rexbert::ckpt {

inline constexpr int kTrainerStateVersion = 1;
inline constexpr const char* kTrainerStateFile = "trainer_state.json";
inline constexpr const char* kOptimizerFile = "optimizer.safetensors";

Json to_json(const plan::PlanStart& start);
// Error(kCorrupt) for a missing or mistyped member.
plan::PlanStart plan_start_from_json(const Json& json, const std::string& source);

// What a run needs besides weights and moments to go on: trainer_state.json.
struct TrainerState {
  int64_t step = 0;    // steps done, over the whole chain of runs
  int64_t rows = 0;    // rows done
  int64_t tokens = 0;  // nominal tokens done
  int64_t optimizer_steps = 0;
  double peak_learning_rate = 0;  // what weight decay is scaled by
  std::string phase;              // the phase of the last step
  bool phase_ended = false;       // whether that was its last step
  bool run_ended = false;         // whether the run's plan was done with it
  plan::PlanStart start;          // where the run's plan began
  uint64_t seed = 0;
  std::string tokenizer_fingerprint;
  std::map<std::string, std::string> config;  // resolved config: path of each value, and its text
  Json loader;                                // docs/formats/loader-state.md

  Json to_json() const;
  // Error(kCorrupt) for a missing or mistyped member, Error(kIncompatible) for another version.
  static TrainerState from_json(const Json& json, const std::string& source);
};

// Everything that a checkpoint holds but the manifest, in host memory of its own: it can be written
// while training goes on.
struct Snapshot {
  hf::NamedTensors weights;  // under the parameters' names
  hf::NamedTensors moments;  // exp_avg.<parameter> and exp_avg_sq.<parameter>
  hf::ModelConfig config;
  TrainerState state;
  std::map<std::string, std::string> tokenizer_files;  // contents by name

  // Copies weights and moments, from any device. The memory of the copy before is used again:
  // faulting in the pages of fresh memory takes longer than the copying.
  void copy_tensors(const torch::nn::Module& model, optim::StableAdamW& optimizer);
};

// Fills `folder` with the snapshot (docs/formats/checkpoint.md); each file is synced.
void write_checkpoint(Env& env, const fs::path& folder, const Snapshot& snapshot);

// True when the folder holds a trainer's state, and not only a model.
bool has_trainer_state(Env& env, const fs::path& folder);
TrainerState read_trainer_state(Env& env, const fs::path& folder);

// Moments and step count of every parameter; Error(kIncompatible) naming the tensor that is
// missing, superfluous or of another shape.
void read_optimizer(Env& env, const fs::path& folder, optim::StableAdamW& optimizer);

}  // namespace rexbert::ckpt
