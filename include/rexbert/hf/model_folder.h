#pragma once

#include <memory>
#include <string>

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

// Copies the weights of a folder into `model`, on whatever device it is. A missing or superfluous
// tensor, or one of another shape or type than f32, is Error(kIncompatible) naming the file and the
// tensor. A decoder.weight is accepted when it equals the embedding it is tied to.
void load_weights(Env& env, const fs::path& folder, nn::MaskedLanguageModel& model);

struct LoadedModel {
  ModelConfig config;
  std::shared_ptr<nn::MaskedLanguageModel> model;
};
LoadedModel load_model(Env& env, const fs::path& folder);

}  // namespace rexbert::hf
