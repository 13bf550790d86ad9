#include "rexbert/hf/model_config.h"

#include <algorithm>

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
                               {"classifier_bias", false}};
  return options;
}

void describe_task(const TaskHead& task, Json& json) {
  json["architectures"] = {task.architecture};
  json["classifier_pooling"] = task.pooling;
  Json names = Json::object(), ids = Json::object();
  if (task.labels.empty()) {
    names["0"] = "LABEL_0";  // transformers counts outputs by it
    json["problem_type"] = "regression";
  }
  for (size_t id = 0; id < task.labels.size(); ++id) {
    names[std::to_string(id)] = task.labels[id];
    ids[task.labels[id]] = id;
  }
  json["id2label"] = names;
  json["label2id"] = ids;
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
               {"tie_word_embeddings", encoder.tied},
               {"torch_dtype", "float32"},
               {"transformers_version", "4.57.6"},
               {"vocab_size", encoder.vocabulary}});
  if (config.task) describe_task(*config.task, json);
  return json;
}

namespace {

// A value of a key that configs may leave out, or give as null.
template <class Value>
Value value_or(const Json& json, const char* key, Value standard, const std::string& source) {
  return json.contains(key) && !json[key].is_null() ? json_get<Value>(json, key, source) : standard;
}

// Every how many layers attend to the whole sequence: global_attn_every_n_layers, else what
// layer_types (transformers 5) spells out.
int64_t read_global_every(const Json& json, int64_t layers, const std::string& source) {
  if (!json.contains("layer_types") || json["layer_types"].is_null()) {
    return value_or<int64_t>(json, "global_attn_every_n_layers", 3, source);
  }
  const auto types = json_get<std::vector<std::string>>(json, "layer_types", source);
  const auto second =
      std::find(types.begin() + (types.empty() ? 0 : 1), types.end(), "full_attention");
  const auto every = static_cast<int64_t>(second - types.begin());
  bool regular = static_cast<int64_t>(types.size()) == layers && every > 0;
  for (int64_t i = 0; regular && i < layers; ++i) {
    regular =
        types[static_cast<size_t>(i)] == (i % every == 0 ? "full_attention" : "sliding_attention");
  }
  if (regular) return every;
  throw Error(
      ErrorCode::kIncompatible,
      str_cat(source, ": layer_types: expected full_attention in layers 0, n, 2n, ... of ", layers,
              " and sliding_attention in the others, got ", json["layer_types"].dump()));
}

// The base of one kind of layers in rope_parameters (transformers 5).
double read_theta(const Json& parameters, const char* kind, double standard,
                  const std::string& source) {
  if (!parameters.contains(kind) || parameters[kind].is_null()) return standard;
  const Json& rope = parameters[kind];
  const std::string where = str_cat(source, ": rope_parameters.", kind);
  const auto type = value_or<std::string>(rope, "rope_type", "default", where);
  if (type != "default") {
    throw Error(ErrorCode::kIncompatible,
                str_cat(where, ".rope_type: expected \"default\", got ", str_quote(type)));
  }
  return value_or<double>(rope, "rope_theta", standard, where);
}

nn::RopeTheta read_rope(const Json& json, const std::string& source) {
  // Of ModernBertConfig.
  constexpr double kGlobal = 160'000;
  constexpr double kLocal = 10'000;
  if (json.contains("rope_scaling") && !json["rope_scaling"].is_null()) {
    throw Error(ErrorCode::kIncompatible, str_cat(source, ": rope_scaling: expected null, got ",
                                                  json["rope_scaling"].dump()));
  }
  nn::RopeTheta rope;
  rope.global = value_or<double>(json, "global_rope_theta", kGlobal, source);
  // null: the local layers have the global theta (transformers 4's ModernBertAttention).
  const bool is_null = json.contains("local_rope_theta") && json["local_rope_theta"].is_null();
  rope.local = is_null ? rope.global : value_or<double>(json, "local_rope_theta", kLocal, source);
  if (json.contains("rope_parameters") && !json["rope_parameters"].is_null()) {
    const Json& parameters = json["rope_parameters"];
    rope.global = read_theta(parameters, "full_attention", rope.global, source);
    rope.local = read_theta(parameters, "sliding_attention", rope.local, source);
  }
  return rope;
}

}  // namespace

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
  encoder.global_every = read_global_every(json, encoder.layers, source);
  encoder.local_window = value_or<int64_t>(json, "local_attention", 128, source);
  encoder.norm_eps = value_or<double>(json, "norm_eps", 1e-5, source);
  encoder.init_std = value_or<double>(json, "initializer_range", encoder.init_std, source);
  encoder.tied = value_or<bool>(json, "tie_word_embeddings", true, source);
  encoder.attention_dropout_out = 0;
  config.rope = read_rope(json, source);
  config.max_position_embeddings = value_or<int64_t>(json, "max_position_embeddings", 8192, source);
  config.pad_id = json_get<int32_t>(json, "pad_token_id", source);
  config.cls_id = json_get<int32_t>(json, "cls_token_id", source);
  config.sep_id = json_get<int32_t>(json, "sep_token_id", source);
  with_context(source, [&] { nn::validate(encoder); });
  return config;
}

}  // namespace rexbert::hf
