#include "infer/loaded_encoder.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/nn/device.h"

namespace rexbert::infer {
namespace {

constexpr int64_t kShortestContext = 8;

void check(const EncoderOptions& options) {
  if (options.context_length < kShortestContext) {
    throw Error(ErrorCode::kUsage,
                str_cat("encoder: context length: expected at least ", kShortestContext,
                        " tokens, got ", options.context_length));
  }
  if (options.micro_tokens < 1) {
    throw Error(ErrorCode::kUsage, str_cat("encoder: micro-batch: expected at least 1 token, got ",
                                           options.micro_tokens));
  }
}

torch::Tensor on_device(const std::vector<int32_t>& values, c10::Device device) {
  return torch::tensor(values, torch::kInt32).to(device);
}

}  // namespace

void SequenceBatch::add(std::span<const int32_t> tokens) {
  tokens_T_.insert(tokens_T_.end(), tokens.begin(), tokens.end());
  const auto length = static_cast<int32_t>(tokens.size());
  for (int32_t t = 0; t < length; ++t) positions_T_.push_back(t);
  offsets_S1_.push_back(static_cast<int32_t>(tokens_T_.size()));
  longest_ = std::max<int64_t>(longest_, length);
}

void SequenceBatch::clear() {
  tokens_T_.clear();
  positions_T_.clear();
  offsets_S1_.resize(1);
  longest_ = 0;
}

nn::EncoderInput SequenceBatch::input(const nn::RopeTheta& rope, c10::Device device) const {
  nn::EncoderInput input;
  input.tokens_T = on_device(tokens_T_, device);
  input.positions_T = on_device(positions_T_, device);
  input.offsets_S1 = on_device(offsets_S1_, device);
  input.longest = longest_;
  input.rope = rope;
  return input;
}

LoadedEncoder::LoadedEncoder(Env& env, const fs::path& folder, const EncoderOptions& options)
    : tokenizer_(tokenizer::Tokenizer::load(env, folder)), options_(options) {
  const c10::Device device = nn::use_device(options.device);
  const hf::LoadedModel loaded = hf::load_model(env, folder);
  if (options_.context_length == 0) {
    options_.context_length = loaded.config.max_position_embeddings;
  }
  if (!options_.precision) options_.precision = best_precision(device);
  check(options_);
  if (tokenizer_.vocabulary_size() > loaded.config.encoder.vocabulary) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(folder.string(), ": expected a tokenizer of at most ",
                        loaded.config.encoder.vocabulary, " tokens, as the model has, got one of ",
                        tokenizer_.vocabulary_size()));
  }
  model_ = loaded.model;
  rope_ = loaded.config.rope;
  model_->to(device);
  model_->set_precision(*options_.precision);
  // Else every batch would make copies of the weights.
  if (options_.precision == nn::Precision::kBf16) model_->encoder().to(torch::kBFloat16);
}

torch::Tensor LoadedEncoder::states_TD(const SequenceBatch& batch) const {
  const torch::NoGradGuard no_grad;
  const std::scoped_lock lock(computing_);
  return model_->encoder().forward(batch.input(rope_, model_->device())).to(torch::kFloat32);
}

torch::Tensor LoadedEncoder::means_of(const SequenceBatch& batch,
                                      const std::vector<int64_t>& lengths) const {
  const torch::NoGradGuard no_grad;
  return torch::segment_reduce(states_TD(batch), "mean",
                               torch::tensor(lengths, torch::kInt64).to(model_->device()));
}

torch::Tensor LoadedEncoder::logits_MV(const SequenceBatch& batch,
                                       const std::vector<int32_t>& masked_M) const {
  const torch::NoGradGuard no_grad;
  const std::scoped_lock lock(computing_);
  return model_->logits(batch.input(rope_, model_->device()),
                        on_device(masked_M, model_->device()));
}

}  // namespace rexbert::infer
