#include "rexbert/hf/model_folder.h"

#include <sstream>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::hf {
namespace {

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

void load_weights(Env& env, const fs::path& folder, nn::MaskedLanguageModel& model) {
  const std::string source = (folder / kWeightsFile).string();
  auto tensors = read_safetensors(env, folder / kWeightsFile);
  const torch::NoGradGuard no_grad;
  for (const auto& parameter : model.named_parameters()) {
    const auto found = tensors.find(parameter.key());
    if (found == tensors.end()) fail(source, parameter.key(), "missing");
    const torch::Tensor& stored = found->second;
    torch::Tensor target = parameter.value();
    if (stored.sizes() != target.sizes() || stored.scalar_type() != target.scalar_type()) {
      fail(source, parameter.key(),
           str_cat("expected ", shape_of(target), ", got ", shape_of(stored)));
    }
    target.copy_(stored);
    if (parameter.key() != kEmbedding) tensors.erase(found);
  }
  if (const auto decoder = tensors.find(kDecoder); decoder != tensors.end()) {
    if (!torch::equal(decoder->second, tensors.at(kEmbedding))) {
      fail(source, kDecoder, "expected the embedding that it is tied to, got other weights");
    }
    tensors.erase(decoder);
  }
  tensors.erase(kEmbedding);
  if (!tensors.empty()) fail(source, tensors.begin()->first, "the model has no such parameter");
}

LoadedModel load_model(Env& env, const fs::path& folder) {
  LoadedModel loaded{load_model_config(env, folder), nullptr};
  loaded.model = std::make_shared<nn::MaskedLanguageModel>(loaded.config.encoder);
  load_weights(env, folder, *loaded.model);
  return loaded;
}

}  // namespace rexbert::hf
