#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/config/codec.h"

namespace rexbert::nn {

// The shape of an encoder. Defaults are the base preset.
struct EncoderConfig {
  // Rows of the embedding, tokens. Cost: hidden parameters each, and as much of the loss's
  // products.
  int64_t vocabulary = 50368;
  // Width of the residual stream, floats a token. Default 768.
  int64_t hidden = 768;
  // Width of each half of the gated unit, floats a token. Default 1152.
  int64_t intermediate = 1152;
  // Blocks. Default 22.
  int64_t layers = 22;
  // Attention heads; divides hidden into an even head dimension. Default 12.
  int64_t heads = 12;
  // Layers 0, global_every, 2 * global_every, ... attend to the whole sequence, at a cost quadratic
  // in its length; the others to a window. Default 3.
  int64_t global_every = 3;
  // Window of the local layers, tokens: half of it to each side. Even. Default 128.
  int64_t local_window = 128;
  // Added to the variance in every layer norm. Default 1e-5.
  double norm_eps = 1e-5;
  // Probability that an element of an attention block's output is dropped in training, 0 to
  // below 1. Default 0.1; 0 saves a pass over the hidden states each layer.
  double attention_dropout_out = 0.1;
  // Standard deviation of the initial weights, before truncation at two of them. Default 0.02.
  double init_std = 0.02;

  // Whether the decoder's weight is the embedding. Default on, as in all presets; off costs
  // vocabulary x hidden parameters more.
  bool tied = true;

  int64_t head_dim() const { return hidden / heads; }
  bool is_global(int64_t layer) const { return layer % global_every == 0; }
};

// What activations and products are computed in; weights, their gradients and the optimizer's
// moments are float32 always.
enum class Precision { kF32, kBf16 };
config::EnumNames<Precision> names_of(Precision);

// micro (17M parameters), small (32M), mini (68M), base (150M) and large (400M).
const std::vector<std::string>& preset_names();
// Error(kConfig) for another name.
EncoderConfig preset(std::string_view name);

// Error(kConfig) naming the first field that no model can have.
void validate(const EncoderConfig& config);

// Parameters of MaskedLanguageModel, a tied decoder counted once.
int64_t parameter_count(const EncoderConfig& config);

}  // namespace rexbert::nn
