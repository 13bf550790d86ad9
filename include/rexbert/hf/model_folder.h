#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/hf/model_config.h"
#include "rexbert/hf/safetensors.h"
#include "rexbert/nn/model.h"

namespace rexbert::hf {

inline constexpr const char* kWeightsFile = "model.safetensors";
inline constexpr const char* kConfigFile = "config.json";

// Writes config.json and model.safetensors (`weights` are a model's parameters under their own
// names, f32, the tied decoder.weight left out) into an existing folder; both are synced.
void save_model(Env& env, const NamedTensors& weights, const ModelConfig& config,
                const fs::path& folder);

ModelConfig load_model_config(Env& env, const fs::path& folder);

enum class Strictness {
  kExact,        // every tensor of the model is there, and no other
  kEncoderOnly,  // what is not the encoder's may be missing or left over: heads of other tasks
};

// Names of tensors that have no counterpart, sorted.
struct Unmatched {
  std::vector<std::string> missing;      // of the model; they stay as they are
  std::vector<std::string> superfluous;  // of the folder; they are not read
};

// Copies the weights of a folder into `model`, on whatever device it is: from model.safetensors or
// the files of model.safetensors.index.json, f32, f16 or bf16, encoders' names with or without
// "model." in front. A missing or superfluous tensor, where it matters, and one of another shape
// are Error(kIncompatible) naming the file and the tensor. A decoder.weight that is tied is
// accepted when it equals the embedding.
Unmatched load_weights(Env& env, const fs::path& folder, nn::MaskedLanguageModel& model,
                       Strictness strictness = Strictness::kExact);

struct LoadedModel {
  ModelConfig config;
  std::shared_ptr<nn::MaskedLanguageModel> model;
};
LoadedModel load_model(Env& env, const fs::path& folder);

}  // namespace rexbert::hf
