#include "hf/weight_files.h"

#include <array>

#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/hf/safetensors.h"

namespace rexbert::hf {
namespace {

constexpr const char* kIndexFile = "model.safetensors.index.json";

std::string full_name(const std::string& name) {
  constexpr std::array<std::string_view, 3> kOfTheEncoder = {"embeddings.", "layers.",
                                                             "final_norm."};
  for (const std::string_view prefix : kOfTheEncoder) {
    if (name.starts_with(prefix)) return "model." + name;
  }
  return name;
}

void add_file(Env& env, const fs::path& path, std::map<std::string, StoredTensor>& tensors) {
  for (auto& [name, tensor] : read_safetensors(env, path)) {
    const bool added =
        tensors.emplace(full_name(name), StoredTensor{std::move(tensor), path.string()}).second;
    if (!added) {
      throw Error(ErrorCode::kCorrupt, str_cat(path.string(), ": tensor ", full_name(name),
                                               ": expected it once, got it twice"));
    }
  }
}

}  // namespace

std::map<std::string, StoredTensor> read_weight_files(Env& env, const fs::path& folder) {
  std::map<std::string, StoredTensor> tensors;
  const fs::path index = folder / kIndexFile;
  if (env.exists(folder / kWeightsFile) || !env.exists(index)) {
    add_file(env, folder / kWeightsFile, tensors);
    return tensors;
  }
  const Json json = parse_json(env.read_file(index), index.string());
  const auto file_of =
      json_get<std::map<std::string, std::string>>(json, "weight_map", index.string());
  std::map<std::string, size_t> listed;
  for (const auto& [name, file] : file_of) ++listed[file];
  for (const auto& [file, count] : listed) {
    const size_t before = tensors.size();
    add_file(env, folder / file, tensors);
    if (tensors.size() - before != count) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat((folder / file).string(), ": expected the ", count, " tensors that ",
                          kIndexFile, " lists, got ", tensors.size() - before));
    }
  }
  for (const auto& [name, file] : file_of) {
    const auto found = tensors.find(full_name(name));
    if (found != tensors.end() && found->second.file == (folder / file).string()) continue;
    throw Error(ErrorCode::kCorrupt, str_cat((folder / file).string(), ": tensor ", name, ": ",
                                             kIndexFile, " lists it, and it is not there"));
  }
  return tensors;
}

}  // namespace rexbert::hf
