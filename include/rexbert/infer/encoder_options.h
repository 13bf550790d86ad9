#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <optional>
#include <string>

#include "rexbert/nn/config.h"

namespace rexbert::infer {

// How a checkpoint is run.
struct EncoderOptions {
  // Tokens that see each other, [CLS] and [SEP] included; at least 8. Default 0: what the encoder
  // was trained on, config.json's max_position_embeddings.
  int64_t context_length = 0;
  // Tokens computed at once, or one text where it is longer. Default 16,384; activation memory
  // grows with it, on a CPU by about 25 x hidden bytes a token.
  int64_t micro_tokens = 16'384;
  // "cpu" or "cuda".
  std::string device = "cpu";
  // Default none: best_precision() of the device.
  std::optional<nn::Precision> precision = {};
};

// kBf16 where the device multiplies bfloat16 in hardware: a GPU of compute capability 8 or more, a
// CPU with AVX512-BF16, AMX or Arm's BF16. Else kF32. `device` as nn::use_device() gave it.
nn::Precision best_precision(c10::Device device);

}  // namespace rexbert::infer
