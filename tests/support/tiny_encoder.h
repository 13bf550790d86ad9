#pragma once

#include <torch/torch.h>

#include <filesystem>

#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/model.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/tokenizer/train.h"

namespace rexbert::test {

// Writes a checkpoint folder: a tokenizer of `corpus` and an encoder with random weights.
inline void write_tiny_encoder(const std::filesystem::path& corpus,
                               const std::filesystem::path& folder, uint64_t seed = 1) {
  Env& env = Env::posix();
  tokenizer::TrainOptions options;
  options.vocabulary_size = 640;
  options.threads = 1;
  tokenizer::train(env, options, {corpus}, folder);
  hf::ModelConfig config;
  config.encoder = {.vocabulary = tokenizer::Tokenizer::load(env, folder).vocabulary_size(),
                    .hidden = 64,
                    .intermediate = 96,
                    .layers = 3,
                    .heads = 4,
                    .local_window = 16,
                    // Far from each other, so that lines can be told apart without training.
                    .init_std = 0.2};
  config.max_position_embeddings = 128;
  nn::MaskedLanguageModel model(config.encoder);
  nn::initialize(model, seed);
  hf::NamedTensors weights;
  for (const auto& parameter : model.named_parameters()) {
    weights.emplace_back(parameter.key(), parameter.value());
  }
  hf::save_model(env, weights, config, folder);
}

}  // namespace rexbert::test
