#include "rexbert/nn/tile.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::nn {
namespace {

void require_fit(const EncoderConfig& larger, const EncoderConfig& smaller) {
  const auto require = [](bool holds, const char* what, const std::string& expected, auto got) {
    if (holds) return;
    throw Error(
        ErrorCode::kIncompatible,
        str_cat("tiling: ", what, " of the smaller model: expected ", expected, ", got ", got));
  };
  const auto require_equal = [&](const char* what, int64_t large, int64_t small) {
    require(small == large, what, str_cat(large, " as in the larger one"), small);
  };
  const auto require_at_most = [&](const char* what, int64_t large, int64_t small) {
    require(small <= large, what, str_cat("at most the ", large, " of the larger one"), small);
  };
  require_equal("vocabulary_size", larger.vocabulary, smaller.vocabulary);
  require_equal("head dimension", larger.head_dim(), smaller.head_dim());
  require_equal("global_every", larger.global_every, smaller.global_every);
  require_at_most("attention_heads", larger.heads, smaller.heads);
  require_at_most("hidden_size", larger.hidden, smaller.hidden);
  require_at_most("intermediate_size", larger.intermediate, smaller.intermediate);
  require_at_most("layers", larger.layers, smaller.layers);
  const auto decoder = [](bool tied) { return tied ? "a tied one" : "one of its own weights"; };
  require(larger.tied == smaller.tied, "decoder",
          str_cat(decoder(larger.tied), " as in the larger one"), decoder(smaller.tied));
}

// Where each place of a grown dimension comes from.
using Places = std::vector<int64_t>;

Places centred(int64_t larger, int64_t smaller) {
  const int64_t offset = (larger - smaller) / 2;
  Places places;
  for (int64_t i = 0; i < larger; ++i) {
    places.push_back(((i - offset) % smaller + smaller) % smaller);
  }
  return places;
}

// The same of units of `size` places each.
Places centred_units(int64_t larger, int64_t smaller, int64_t size) {
  Places places;
  for (const int64_t unit : centred(larger, smaller)) {
    for (int64_t i = 0; i < size; ++i) places.push_back(unit * size + i);
  }
  return places;
}

// `count` such dimensions one behind the other, each of `smaller` places before.
Places parts(int64_t count, int64_t smaller, const Places& part) {
  Places places;
  for (int64_t i = 0; i < count; ++i) {
    for (const int64_t place : part) places.push_back(i * smaller + place);
  }
  return places;
}

torch::Tensor to_tensor(const Places& places) { return torch::tensor(places, torch::kInt64); }

// The dimensions of all parameters, grown.
struct Growth {
  torch::Tensor hidden;
  torch::Tensor qkv;
  torch::Tensor heads;
  torch::Tensor halves;
  torch::Tensor intermediate;

  Growth(const EncoderConfig& larger, const EncoderConfig& smaller)
      : hidden(to_tensor(centred(larger.hidden, smaller.hidden))) {
    const Places of_heads = centred_units(larger.heads, smaller.heads, larger.head_dim());
    const Places of_half = centred(larger.intermediate, smaller.intermediate);
    heads = to_tensor(of_heads);
    qkv = to_tensor(parts(3, smaller.hidden, of_heads));
    intermediate = to_tensor(of_half);
    halves = to_tensor(parts(2, smaller.intermediate, of_half));
  }

  torch::Tensor grow(std::string_view name, const torch::Tensor& weight) const {
    if (name == "decoder.bias") return weight;
    if (weight.dim() == 1) return weight.index_select(0, hidden);
    const auto both = [&weight](const torch::Tensor& rows, const torch::Tensor& columns) {
      return weight.index_select(0, rows).index_select(1, columns);
    };
    if (name.ends_with("attn.Wqkv.weight")) return both(qkv, hidden);
    if (name.ends_with("attn.Wo.weight")) return both(hidden, heads);
    if (name.ends_with("mlp.Wi.weight")) return both(halves, hidden);
    if (name.ends_with("mlp.Wo.weight")) return both(hidden, intermediate);
    if (name == "head.dense.weight") return both(hidden, hidden);
    return weight.index_select(1, hidden);  // the embedding's and a decoder's rows are tokens
  }
};

// a / b to the nearest whole number, halves to the even one.
int64_t rounded(int64_t a, int64_t b) {
  const int64_t below = a / b;
  const int64_t twice = 2 * (a % b);
  return below + (twice > b || (twice == b && below % 2 == 1) ? 1 : 0);
}

// "model.layers.7.mlp.Wi.weight" of the larger model, of the smaller one.
std::string name_in_smaller(const std::string& name, const std::vector<int64_t>& sources) {
  constexpr std::string_view kLayers = "model.layers.";
  if (!name.starts_with(kLayers)) return name;
  const size_t end = name.find('.', kLayers.size());
  const auto layer = std::stoul(name.substr(kLayers.size(), end - kLayers.size()));
  return str_cat(kLayers, sources.at(layer), name.substr(end));
}

}  // namespace

std::vector<int64_t> layer_sources(const EncoderConfig& larger, const EncoderConfig& smaller) {
  const int64_t period = larger.global_every;
  const auto periods = [period](int64_t layers) { return (layers + period - 1) / period; };
  std::vector<int64_t> sources;
  for (int64_t i = 0; i < larger.layers; ++i) {
    const int64_t nearest = rounded(i / period * periods(smaller.layers), periods(larger.layers));
    int64_t source = std::min(nearest, periods(smaller.layers) - 1) * period + i % period;
    if (source >= smaller.layers) source -= period;
    sources.push_back(source >= 0 ? source : smaller.layers - 1);
  }
  return sources;
}

void initialize_from(MaskedLanguageModel& larger, const MaskedLanguageModel& smaller) {
  require_fit(larger.config(), smaller.config());
  const torch::NoGradGuard no_grad;
  const Growth growth(larger.config(), smaller.config());
  const std::vector<int64_t> sources = layer_sources(larger.config(), smaller.config());
  const auto weights = smaller.named_parameters();
  for (auto& item : larger.named_parameters()) {
    const torch::Tensor* weight = weights.find(name_in_smaller(item.key(), sources));
    if (weight == nullptr) {
      item.value().fill_(1.0);  // the first layer has no attn_norm to give
    } else {
      item.value().copy_(growth.grow(item.key(), weight->cpu()));
    }
  }
}

}  // namespace rexbert::nn
