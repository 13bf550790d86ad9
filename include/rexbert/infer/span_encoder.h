#pragma once

// infer: what a trained encoder says of text: vectors of texts (embedder.h, embed_file.h) and of
// their parts (here), tokens in the place of masks (mask_filler.h). Texts of any lengths lie end to
// end in a batch, as in training; nothing is padded.

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/infer/encoder_options.h"
#include "rexbert/nn/model.h"

namespace rexbert::infer {

class LoadedEncoder;

// A text in parts: its lines, or fields.
using Spans = std::vector<std::string_view>;

// Turns the spans of texts into vectors that know what stands around them.
class SpanEncoder {
 public:
  // `folder`: a checkpoint with its tokenizer. Error(kUsage) for options out of range; others as
  // Tokenizer::load(), hf::load_model() and nn::use_device().
  SpanEncoder(Env& env, const fs::path& folder, const EncoderOptions& options = {});
  ~SpanEncoder();

  // The mean over the last layer's states of each span's tokens, float32 [S, D] on the CPU, the
  // spans of all texts in order; zeros for a span without tokens. A text that is longer than the
  // context is read in windows of whole spans; what one span has beyond a window is not read. Many
  // threads may call it; they tokenize side by side and compute in turn.
  torch::Tensor mean_states(std::span<const Spans> texts) const;

  int64_t hidden() const;
  // The model with its MLM head, from which heads for other tasks begin.
  nn::MaskedLanguageModel& model() const;

 private:
  struct Window;
  std::vector<Window> cut_windows(std::span<const Spans> texts) const;
  void encode(std::span<const Window> windows, torch::Tensor& states_SD) const;

  std::unique_ptr<const LoadedEncoder> encoder_;
};

}  // namespace rexbert::infer
