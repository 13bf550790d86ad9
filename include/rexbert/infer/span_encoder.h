#pragma once

// infer: what a trained encoder says of text. Texts of any lengths lie end to end in a batch, as in
// training; nothing is padded.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/model.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::infer {

// A text in parts: its lines, or fields.
using Spans = std::vector<std::string_view>;

struct SpanEncoderOptions {
  // Tokens that see each other, [CLS] and [SEP] included. Default 0: what the encoder was trained
  // on.
  int64_t context_length = 0;
  // Tokens computed at once, at least a context. Default 16,384; activation memory grows with it.
  int64_t micro_tokens = 16'384;
  // "cpu" or "cuda".
  std::string device = "cpu";
  nn::Precision precision = nn::Precision::kF32;
};

// Turns the spans of texts into vectors that know what stands around them.
class SpanEncoder {
 public:
  // `folder`: a checkpoint with its tokenizer. Error(kUsage) for a context of fewer than 8 tokens;
  // others as Tokenizer::load(), hf::load_model() and nn::use_device().
  SpanEncoder(Env& env, const fs::path& folder, const SpanEncoderOptions& options);

  // The mean over the last layer's states of each span's tokens, float32 [S, D] on the CPU, the
  // spans of all texts in order; zeros for a span without tokens. A text that is longer than the
  // context is read in windows of whole spans; what one span has beyond a window is not read. Many
  // threads may call it; they tokenize side by side and compute in turn.
  torch::Tensor mean_states(std::span<const Spans> texts) const;

  int64_t hidden() const { return model_->config().hidden; }
  // The model with its MLM head, from which heads for other tasks begin.
  nn::MaskedLanguageModel& model() const { return *model_; }

 private:
  struct Window;
  std::vector<Window> cut_windows(std::span<const Spans> texts) const;
  void encode(std::span<const Window> windows, torch::Tensor& states_SD) const;

  tokenizer::Tokenizer tokenizer_;
  std::shared_ptr<nn::MaskedLanguageModel> model_;
  nn::RopeTheta rope_;
  SpanEncoderOptions options_;
  mutable std::mutex computing_;
};

}  // namespace rexbert::infer
