#include "rexbert/hf/exchange.h"

#include <array>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::hf {
namespace {

// Whatever of a tokenizer the folder has; SentencePiece's and ours among them.
constexpr std::array<const char*, 9> kTokenizerFiles = {
    "tokenizer.json",  "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    "tokenizer.model", "spiece.model",          "rexbert_tokenizer.json",  "vocab.json",
    "merges.txt"};

void require_empty(Env& env, const fs::path& folder) {
  if (env.exists(folder) && !env.list_directory(folder).empty()) {
    throw Error(ErrorCode::kUsage,
                str_cat(folder.string(), ": expected a new or empty folder, got one that holds ",
                        env.list_directory(folder).front()));
  }
  env.create_directories(folder);
}

std::vector<std::string> copy_tokenizer(Env& env, const fs::path& from, const fs::path& to) {
  std::vector<std::string> copied;
  for (const char* name : kTokenizerFiles) {
    if (!env.exists(from / name)) continue;
    write_synced_file(env, to / name, env.read_file(from / name));
    copied.emplace_back(name);
  }
  return copied;
}

NamedTensors weights_of(const nn::MaskedLanguageModel& model, at::ScalarType type) {
  NamedTensors weights;
  for (const auto& parameter : model.named_parameters()) {
    weights.emplace_back(parameter.key(), parameter.value().detach().to(type));
  }
  return weights;
}

void write_pooling(Env& env, const ModelConfig& config, const fs::path& folder) {
  const Json modules = {
      {{"idx", 0},
       {"name", "0"},
       {"path", ""},
       {"type", "sentence_transformers.models.Transformer"}},
      {{"idx", 1},
       {"name", "1"},
       {"path", "1_Pooling"},
       {"type", "sentence_transformers.models.Pooling"}},
  };
  write_synced_file(env, folder / "modules.json", modules.dump(2) + "\n");
  const Json transformer = {{"max_seq_length", config.max_position_embeddings},
                            {"do_lower_case", false}};
  write_synced_file(env, folder / "sentence_bert_config.json", transformer.dump(2) + "\n");
  env.create_directories(folder / "1_Pooling");
  const Json pooling = {{"word_embedding_dimension", config.encoder.hidden},
                        {"pooling_mode_cls_token", false},
                        {"pooling_mode_mean_tokens", true},
                        {"pooling_mode_max_tokens", false},
                        {"pooling_mode_mean_sqrt_len_tokens", false}};
  write_synced_file(env, folder / "1_Pooling" / "config.json", pooling.dump(2) + "\n");
}

}  // namespace

ImportReport import_model(Env& env, const fs::path& from, const fs::path& to, uint64_t seed) {
  require_empty(env, to);
  ImportReport report;
  report.config = load_model_config(env, from);
  nn::MaskedLanguageModel model(report.config.encoder);
  nn::initialize(model, seed);
  report.unmatched = load_weights(env, from, model, Strictness::kEncoderOnly);
  report.copied = copy_tokenizer(env, from, to);
  save_model(env, weights_of(model, at::kFloat), report.config, to);
  env.sync_directory(to);
  return report;
}

void export_model(Env& env, const fs::path& from, const fs::path& to,
                  const ExportOptions& options) {
  if (options.dtype != "f32" && options.dtype != "bf16") {
    throw Error(ErrorCode::kUsage,
                str_cat("dtype: expected f32 or bf16, got ", str_quote(options.dtype)));
  }
  require_empty(env, to);
  const LoadedModel loaded = load_model(env, from);
  const bool half = options.dtype == "bf16";
  Json config = to_config_json(loaded.config);
  for (const char* key : {"dtype", "torch_dtype"}) config[key] = half ? "bfloat16" : "float32";
  copy_tokenizer(env, from, to);
  write_pooling(env, loaded.config, to);
  if (!options.card.empty()) write_synced_file(env, to / "README.md", options.card);
  write_safetensors(env, to / kWeightsFile,
                    weights_of(*loaded.model, half ? at::kBFloat16 : at::kFloat),
                    {{"format", "pt"}});
  write_synced_file(env, to / kConfigFile, config.dump(2) + "\n");
  env.sync_directory(to);
}

}  // namespace rexbert::hf
