#include "rexbert/hf/model_config.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::hf {
namespace {

// The options of ModernBertConfig that our encoder has in one value only.
const Json& fixed_options() {
  static const Json options = {{"model_type", "modernbert"},
                               {"hidden_activation", "gelu"},
                               {"attention_bias", false},
                               {"mlp_bias", false},
                               {"norm_bias", false},
                               {"decoder_bias", true},
                               {"classifier_activation", "gelu"},
                               {"classifier_bias", false},
                               {"tie_word_embeddings", true}};
  return options;
}

}  // namespace

Json to_config_json(const ModelConfig& config) {
  const nn::EncoderConfig& encoder = config.encoder;
  Json json = fixed_options();
  json.update({{"architectures", {"ModernBertForMaskedLM"}},
               {"attention_dropout", 0.0},
               {"bos_token_id", config.cls_id},
               {"classifier_dropout", 0.0},
               {"classifier_pooling", "mean"},
               {"cls_token_id", config.cls_id},
               {"dtype", "float32"},
               {"embedding_dropout", 0.0},
               {"eos_token_id", config.sep_id},
               {"global_attn_every_n_layers", encoder.global_every},
               {"global_rope_theta", config.rope.global},
               {"hidden_size", encoder.hidden},
               {"initializer_cutoff_factor", 2.0},
               {"initializer_range", encoder.init_std},
               {"intermediate_size", encoder.intermediate},
               {"local_attention", encoder.local_window},
               {"local_rope_theta", config.rope.local},
               {"max_position_embeddings", config.max_position_embeddings},
               {"mlp_dropout", 0.0},
               {"norm_eps", encoder.norm_eps},
               {"num_attention_heads", encoder.heads},
               {"num_hidden_layers", encoder.layers},
               {"pad_token_id", config.pad_id},
               {"position_embedding_type", "absolute"},
               {"sep_token_id", config.sep_id},
               {"torch_dtype", "float32"},
               {"transformers_version", "4.57.6"},
               {"vocab_size", encoder.vocabulary}});
  return json;
}

ModelConfig from_config_json(const Json& json, const std::string& source) {
  if (!json.is_object()) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(source, ": expected an object, got ", json.type_name()));
  }
  for (const auto& [key, expected] : fixed_options().items()) {
    const Json found = json.value(key, expected);
    if (found != expected) {
      throw Error(ErrorCode::kIncompatible, str_cat(source, ": ", key, ": expected ",
                                                    expected.dump(), ", got ", found.dump()));
    }
  }
  ModelConfig config;
  nn::EncoderConfig& encoder = config.encoder;
  encoder.vocabulary = json_get<int64_t>(json, "vocab_size", source);
  encoder.hidden = json_get<int64_t>(json, "hidden_size", source);
  encoder.intermediate = json_get<int64_t>(json, "intermediate_size", source);
  encoder.layers = json_get<int64_t>(json, "num_hidden_layers", source);
  encoder.heads = json_get<int64_t>(json, "num_attention_heads", source);
  encoder.global_every = json_get<int64_t>(json, "global_attn_every_n_layers", source);
  encoder.local_window = json_get<int64_t>(json, "local_attention", source);
  encoder.norm_eps = json_get<double>(json, "norm_eps", source);
  if (json.contains("initializer_range")) {
    encoder.init_std = json_get<double>(json, "initializer_range", source);
  }
  encoder.attention_dropout_out = 0;
  config.rope.global = json_get<double>(json, "global_rope_theta", source);
  // null: the local layers have the global theta (transformers' ModernBertAttention).
  const bool has_local = json.contains("local_rope_theta") && !json["local_rope_theta"].is_null();
  config.rope.local =
      has_local ? json_get<double>(json, "local_rope_theta", source) : config.rope.global;
  config.max_position_embeddings = json_get<int64_t>(json, "max_position_embeddings", source);
  config.pad_id = json_get<int32_t>(json, "pad_token_id", source);
  config.cls_id = json_get<int32_t>(json, "cls_token_id", source);
  config.sep_id = json_get<int32_t>(json, "sep_token_id", source);
  with_context(source, [&] { nn::validate(encoder); });
  return config;
}

}  // namespace rexbert::hf
