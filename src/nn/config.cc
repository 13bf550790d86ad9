#include "rexbert/nn/config.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::nn {
namespace {

struct Preset {
  const char* name;
  int64_t layers;
  int64_t hidden;
  int64_t intermediate;
  int64_t heads;
};

constexpr Preset kPresets[] = {
    {"micro", 7, 256, 384, 4},   {"small", 10, 384, 576, 6},    {"mini", 19, 512, 768, 8},
    {"base", 22, 768, 1152, 12}, {"large", 28, 1024, 2624, 16},
};

template <class Value>
void require(bool holds, const char* field, const char* expected, Value got) {
  if (holds) return;
  throw Error(ErrorCode::kConfig, str_cat("model.", field, ": expected ", expected, ", got ", got));
}

}  // namespace

config::EnumNames<Precision> names_of(Precision) {
  return {{Precision::kF32, "f32"}, {Precision::kBf16, "bf16"}};
}

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> result;
    for (const Preset& preset : kPresets) result.emplace_back(preset.name);
    return result;
  }();
  return names;
}

EncoderConfig preset(std::string_view name) {
  for (const Preset& preset : kPresets) {
    if (name != preset.name) continue;
    EncoderConfig config;
    config.layers = preset.layers;
    config.hidden = preset.hidden;
    config.intermediate = preset.intermediate;
    config.heads = preset.heads;
    return config;
  }
  throw Error(ErrorCode::kConfig,
              str_cat("model preset: expected one of ", str_join(preset_names(), ", "), ", got ",
                      str_quote(name)));
}

void validate(const EncoderConfig& c) {
  require(c.vocabulary > 0, "vocabulary", "a count above 0", c.vocabulary);
  require(c.hidden > 0, "hidden", "a count above 0", c.hidden);
  require(c.intermediate > 0, "intermediate", "a count above 0", c.intermediate);
  require(c.layers > 0, "layers", "a count above 0", c.layers);
  require(c.heads > 0 && c.hidden % c.heads == 0 && c.head_dim() % 2 == 0, "heads",
          "a number that divides hidden into an even head dimension", c.heads);
  require(c.global_every > 0, "global_every", "a count above 0", c.global_every);
  require(c.local_window >= 0 && c.local_window % 2 == 0, "local_window", "an even count",
          c.local_window);
  require(c.norm_eps > 0, "norm_eps", "a number above 0", c.norm_eps);
  require(c.attention_dropout_out >= 0 && c.attention_dropout_out < 1, "attention_dropout_out",
          "a probability from 0 to below 1", c.attention_dropout_out);
  require(c.init_std > 0, "init_std", "a number above 0", c.init_std);
}

int64_t parameter_count(const EncoderConfig& c) {
  const int64_t attention = 4 * c.hidden * c.hidden;
  const int64_t mlp = 3 * c.hidden * c.intermediate;
  const int64_t norms = 2 * c.layers * c.hidden;  // the first layer lacks one, the model adds one
  const int64_t embeddings = c.vocabulary * c.hidden + c.hidden;
  const int64_t head = c.hidden * c.hidden + c.hidden + c.vocabulary;
  const int64_t decoder = c.tied ? 0 : c.vocabulary * c.hidden;
  return embeddings + c.layers * (attention + mlp) + norms + head + decoder;
}

}  // namespace rexbert::nn
