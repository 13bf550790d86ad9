#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/infer/encoder_options.h"

namespace rexbert::infer {

class LoadedEncoder;

// A token that may stand where a text has a mask.
struct MaskCandidate {
  int32_t id = 0;
  std::string piece;       // as the tokenizer's own files spell it
  double probability = 0;  // over the whole vocabulary
  std::string text;        // with this token here, and the likeliest one at every other mask
};

// Says what may stand where a text has "[MASK]".
class MaskFiller {
 public:
  // `folder`: a checkpoint with its tokenizer and MLM head. Errors as of Embedder.
  MaskFiller(Env& env, const fs::path& folder, const EncoderOptions& options = {});
  ~MaskFiller();

  // For each mask of `text` in order (Tokenizer::encode_masked() says what is one), the `top`
  // likeliest tokens, the likeliest first. Error(kUsage) for a text without a mask, one that is
  // longer than the context or no UTF-8, and for a `top` that is not 1 to the vocabulary's size.
  std::vector<std::vector<MaskCandidate>> fill(std::string_view text, int64_t top = 5) const;

 private:
  std::unique_ptr<const LoadedEncoder> encoder_;
};

}  // namespace rexbert::infer
