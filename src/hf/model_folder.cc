#include "rexbert/hf/model_folder.h"

#include <sstream>

#include "hf/weight_files.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::hf {
namespace {

constexpr const char* kEncoderPrefix = "model.";
constexpr const char* kDecoder = "decoder.weight";
constexpr const char* kEmbedding = "model.embeddings.tok_embeddings.weight";

std::string shape_of(const torch::Tensor& tensor) {
  std::ostringstream out;
  out << at::toString(tensor.scalar_type()) << tensor.sizes();
  return out.str();
}

[[noreturn]] void fail(const std::string& source, const std::string& name,
                       const std::string& what) {
  throw Error(ErrorCode::kIncompatible, str_cat(source, ": tensor ", name, ": ", what));
}

}  // namespace

void save_model(Env& env, const NamedTensors& weights, const ModelConfig& config,
                const fs::path& folder) {
  write_safetensors(env, folder / kWeightsFile, weights, {{"format", "pt"}});
  write_synced_file(env, folder / kConfigFile, to_config_json(config).dump(2) + "\n");
}

ModelConfig load_model_config(Env& env, const fs::path& folder) {
  const fs::path path = folder / kConfigFile;
  return from_config_json(parse_json(env.read_file(path), path.string()), path.string());
}

Unmatched load_weights(Env& env, const fs::path& folder, nn::MaskedLanguageModel& model,
                       Strictness strictness) {
  auto tensors = read_weight_files(env, folder);
  const torch::NoGradGuard no_grad;
  Unmatched unmatched;
  torch::Tensor embedding;
  for (const auto& parameter : model.named_parameters()) {
    const auto found = tensors.find(parameter.key());
    if (found == tensors.end()) {
      if (strictness == Strictness::kExact || parameter.key().starts_with(kEncoderPrefix)) {
        fail((folder / kWeightsFile).string(), parameter.key(), "missing");
      }
      unmatched.missing.push_back(parameter.key());
      continue;
    }
    const torch::Tensor& stored = found->second.tensor;
    torch::Tensor target = parameter.value();
    if (stored.sizes() != target.sizes() || !stored.is_floating_point()) {
      fail(found->second.file, parameter.key(),
           str_cat("expected ", shape_of(target), ", got ", shape_of(stored)));
    }
    target.copy_(stored);
    if (parameter.key() == kEmbedding) embedding = stored;
    tensors.erase(found);
  }
  if (const auto decoder = tensors.find(kDecoder); decoder != tensors.end()) {
    if (!torch::equal(decoder->second.tensor, embedding)) {
      fail(decoder->second.file, kDecoder,
           "expected the embedding that it is tied to, got other weights");
    }
    tensors.erase(decoder);
  }
  for (const auto& [name, stored] : tensors) {
    if (strictness == Strictness::kExact || name.starts_with(kEncoderPrefix)) {
      fail(stored.file, name, "the model has no such parameter");
    }
    unmatched.superfluous.push_back(name);
  }
  return unmatched;
}

LoadedModel load_model(Env& env, const fs::path& folder) {
  LoadedModel loaded{load_model_config(env, folder), nullptr};
  loaded.model = std::make_shared<nn::MaskedLanguageModel>(loaded.config.encoder);
  load_weights(env, folder, *loaded.model);
  return loaded;
}

}  // namespace rexbert::hf
