#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/infer/encoder_options.h"
#include "rexbert/infer/pooling.h"

namespace rexbert::infer {

class LoadedEncoder;

struct EmbedderOptions {
  EncoderOptions encoder = {};
  // Default mean, as `rexbert export` tells sentence-transformers.
  Pooling pooling = Pooling::kMean;
  // The first so many numbers of each vector, 1 to hidden (Matryoshka embeddings: Kusupati et al.
  // 2022). Default 0: all.
  int64_t dimensions = 0;
  // Whether vectors are divided by their L2 norm, or by 1e-12 where that is more; the cut to
  // `dimensions` comes first, as in sentence-transformers. Default off.
  bool normalize = false;
};

// Turns texts into vectors: a text is [CLS] its tokens [SEP], and of one that is longer than the
// context the last tokens before [SEP] are left out, as transformers does with truncation=True.
class Embedder {
 public:
  // `folder`: a checkpoint with its tokenizer. Error(kUsage) for options out of range; others as
  // Tokenizer::load(), hf::load_model() and nn::use_device().
  Embedder(Env& env, const fs::path& folder, const EmbedderOptions& options = {});
  ~Embedder();

  // The vectors of `texts`_S (valid UTF-8): float32 [S, dimensions] on the CPU. Many threads may
  // call it; they tokenize side by side and compute in turn.
  torch::Tensor embed(std::span<const std::string_view> texts) const;

  // The two halves of embed(). encode() appends a text's ids, and says how many were left out.
  int64_t encode(std::string_view text, std::vector<int32_t>& ids) const;
  // The vectors of the S sequences that lie end to end in `ids_T`, `lengths_S` tokens each.
  torch::Tensor embed_ids(std::span<const int32_t> ids_T, std::span<const int64_t> lengths_S) const;

  // With the defaults filled in.
  const EmbedderOptions& options() const { return options_; }

 private:
  EmbedderOptions options_;
  std::unique_ptr<const LoadedEncoder> encoder_;
};

}  // namespace rexbert::infer
