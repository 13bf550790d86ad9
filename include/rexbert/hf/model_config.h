#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/nn/model.h"

namespace rexbert::hf {

// What stands on an encoder that was fine-tuned: transformers' class for it, and what its outputs
// are.
struct TaskHead {
  // "ModernBertForTokenClassification", "ModernBertForSequenceClassification" or, without a head,
  // "ModernBertModel".
  std::string architecture;
  std::vector<std::string> labels;  // by id; empty for a regression
  std::string pooling = "mean";     // "cls" or "mean": what a sequence is classified by
};

// What config.json says of a ModernBERT model: its shape, and how it was last trained.
struct ModelConfig {
  nn::EncoderConfig encoder;
  nn::RopeTheta rope;
  int64_t max_position_embeddings = 8192;  // longest sequence it was trained on, tokens
  int32_t pad_id = 0;
  int32_t cls_id = 2;
  int32_t sep_id = 3;
  std::optional<TaskHead> task = std::nullopt;  // none: the MLM head; written, not read
};

// config.json of transformers 4.57's ModernBertForMaskedLM, or of the class that the task names.
// attention_dropout is 0 whatever
// attention_dropout_out is, because there it would drop attention probabilities too.
Json to_config_json(const ModelConfig& config);

// Reads one, of transformers 4.48 to 5: there global_rope_theta, local_rope_theta and
// global_attn_every_n_layers have become rope_parameters and layer_types. `source` names it. Keys
// that are left out have ModernBertConfig's defaults; those that say nothing of the numerics are
// ignored; an option that the encoder does not have (biases, another activation, scaled RoPE, ...)
// is Error(kIncompatible) naming the key, what was expected and what was found.
ModelConfig from_config_json(const Json& json, const std::string& source);

}  // namespace rexbert::hf
