#pragma once

#include <torch/torch.h>

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "rexbert/hf/model_folder.h"
#include "rexbert/infer/encoder_options.h"
#include "rexbert/nn/model.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::infer {

inline constexpr int64_t kFrameTokens = 2;  // [CLS] and [SEP]

// Sequences of tokens end to end, as the encoder takes them.
class SequenceBatch {
 public:
  void add(std::span<const int32_t> tokens);
  void clear();

  int64_t tokens() const { return static_cast<int64_t>(tokens_T_.size()); }
  int64_t sequences() const { return static_cast<int64_t>(offsets_S1_.size()) - 1; }
  const std::vector<int32_t>& tokens_T() const { return tokens_T_; }
  const std::vector<int32_t>& offsets_S1() const { return offsets_S1_; }

  nn::EncoderInput input(const nn::RopeTheta& rope, c10::Device device) const;

 private:
  std::vector<int32_t> tokens_T_, positions_T_, offsets_S1_ = {0};
  int64_t longest_ = 0;
};

// A checkpoint's tokenizer and model, for everything that computes batches of sequences with them.
// Many threads may call it; they compute in turn.
class LoadedEncoder {
 public:
  // Error(kUsage) for a context of fewer than 8 tokens or micro_tokens below 1;
  // Error(kIncompatible) for a tokenizer that has more tokens than the model; others as
  // Tokenizer::load(), hf::load_model() and nn::use_device().
  LoadedEncoder(Env& env, const fs::path& folder, const EncoderOptions& options);

  // The last layer's states, float32 [T, D] on the model's device.
  torch::Tensor states_TD(const SequenceBatch& batch) const;
  // The same, their means over segments of `lengths` tokens each, which the batch consists of:
  // float32 [segments, D] on the model's device.
  torch::Tensor means_of(const SequenceBatch& batch, const std::vector<int64_t>& lengths) const;
  // What the MLM head says of the tokens at `masked_M`, float32 [M, V] on the model's device.
  torch::Tensor logits_MV(const SequenceBatch& batch, const std::vector<int32_t>& masked_M) const;

  const tokenizer::Tokenizer& tokenizer() const { return tokenizer_; }
  // With the defaults filled in.
  const EncoderOptions& options() const { return options_; }
  int64_t hidden() const { return model_->config().hidden; }
  // In bf16 the encoder's weights are bf16; those of the MLM head stay f32.
  nn::MaskedLanguageModel& model() const { return *model_; }

 private:
  tokenizer::Tokenizer tokenizer_;
  EncoderOptions options_;
  std::shared_ptr<nn::MaskedLanguageModel> model_;
  nn::RopeTheta rope_;
  mutable std::mutex computing_;
};

}  // namespace rexbert::infer
