#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <string>

#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/temporary_directory.h"
#include "support/tiny_encoder.h"

namespace rexbert::infer {

// The checkpoint folder of a tiny encoder with random weights, made once a test program. Its
// context is 128 tokens, its states have 64 numbers. Has one thread compute from here on.
inline const fs::path& encoder_folder() {
  static const test::TemporaryDirectory directory;
  static const fs::path folder = [] {
    at::set_num_threads(1);  // more cost more than they gain at this size
    std::string corpus;
    for (int i = 0; i < 200; ++i) {
      const std::string text = str_cat("Brand ", i, ": running shoes of size ", i % 17,
                                       ". Once upon a time, in ", 1000 + 7 * i, ".");
      corpus += Json({{"text", text}}).dump() + "\n";
    }
    publish_file(Env::posix(), directory / "corpus.jsonl", corpus);
    test::write_tiny_encoder(directory / "corpus.jsonl", directory / "encoder");
    return directory / "encoder";
  }();
  return folder;
}

// A copy of the folder at `to`, in which `change` has changed the model.
template <class Change>
void copy_encoder(const fs::path& to, Change&& change) {
  Env& env = Env::posix();
  fs::copy(encoder_folder(), to, fs::copy_options::recursive);
  const hf::LoadedModel loaded = hf::load_model(env, to);
  {
    const torch::NoGradGuard no_grad;
    change(*loaded.model);
  }
  hf::NamedTensors weights;
  for (const auto& item : loaded.model->named_parameters()) {
    weights.emplace_back(item.key(), item.value());
  }
  hf::save_model(env, weights, loaded.config, to);
}

inline void expect_near(const torch::Tensor& a, const torch::Tensor& b) {
  ASSERT_EQ(a.sizes(), b.sizes());
  // float32 sums of a few hundred products in another order.
  EXPECT_LT((a - b).abs().max().item<float>(), 1e-4F);
}

// A sequence as the encoder takes it.
inline nn::EncoderInput input_of(const std::vector<int32_t>& ids) {
  const auto count = static_cast<int32_t>(ids.size());
  nn::EncoderInput input;
  input.tokens_T = torch::tensor(ids, torch::kInt32);
  input.positions_T = torch::arange(count, torch::kInt32);
  input.offsets_S1 = torch::tensor({0, count}, torch::kInt32);
  return input;
}

}  // namespace rexbert::infer
