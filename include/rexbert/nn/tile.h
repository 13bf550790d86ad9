#pragma once

#include <cstdint>
#include <vector>

#include "rexbert/nn/model.h"

namespace rexbert::nn {

// Makes a trained model the beginning of a larger one, as ModernBERT-large was begun from
// ModernBERT-base (Warner et al. 2024, appendix A.2, after Phi's tiling and Gopher's layers; code:
// AnswerDotAI/ModernBERT, src/bert_layers/initialization.py, tile_weights_from_middle, and
// model.py, init_mlm_model_from_pretrained).
//
// A dimension of n numbers grows to N by centring and repeating: with o = floor((N - n) / 2),
//
//   y[i] = x[(i - o) mod n]
//
// so that x stands whole in the middle. Weights grow in both dimensions, the three parts of Wqkv
// and the two of Wi each by itself. Layers are those of layer_sources(). The vocabulary stays.
//
// Three things are not as in that code. Queries, keys, values and the columns of Wo grow by whole
// heads, as the paper says; this is the same wherever the numbers of heads differ by an even one,
// as those of all presets do. A layer begins as one that attends as it will. And final_norm is
// tiled, where the code leaves it at ones.
//
// Every parameter of `larger` is written, in float32; the same models give the same bits. Throws
// Error(kIncompatible) saying what was expected and found unless the smaller model has the
// vocabulary and the head dimension of the larger one, a decoder that is tied where its is, and no
// more layers, heads, hidden and intermediate numbers.
void initialize_from(MaskedLanguageModel& larger, const MaskedLanguageModel& smaller);

// Which of the n layers of the smaller encoder each of the N layers of the larger begins as: for
// layer i, the layer nearest to i n / N among those that attend as it does, globally or locally,
// where there are any. Of two equally near the even one is taken, else the lower one. The reference
// takes the nearest of all.
std::vector<int64_t> layer_sources(const EncoderConfig& larger, const EncoderConfig& smaller);

}  // namespace rexbert::nn
