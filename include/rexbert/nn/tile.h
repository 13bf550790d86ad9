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
// Three things are not as in that code. Layers are taken by whole periods of the attention pattern,
// so that a global layer begins as a global one. Queries, keys, values and the columns of Wo grow
// by whole heads, as the paper says; this is the same wherever the numbers of heads differ by an
// even one, as those of all presets do. And final_norm is tiled, where the code leaves it at ones.
//
// Every parameter of `larger` is written, in float32; the same models give the same bits. Throws
// Error(kIncompatible) saying what was expected and found unless the smaller model has the
// vocabulary, the head dimension and the attention pattern of the larger one, a decoder that is
// tied where its is, and no more layers, heads, hidden and intermediate numbers.
void initialize_from(MaskedLanguageModel& larger, const MaskedLanguageModel& smaller);

// Which layer of the smaller encoder each layer of the larger begins as. With p and P periods of
// global_every layers, the last of which may be cut short, layer r of period j begins as layer r of
// period min(round(j p / P), p - 1), halves rounded to even; where that period has no layer r, as
// that of the period before, and where there is none, as the last layer. The reference rounds
// single layers in this way, i n / N, and so begins most global layers of large as local ones of
// base.
std::vector<int64_t> layer_sources(const EncoderConfig& larger, const EncoderConfig& smaller);

}  // namespace rexbert::nn
