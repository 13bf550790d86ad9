#include "rexbert/ckpt/manifest.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/headeronly/version.h>

#include <fstream>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/version.h"
#include "rexbert/ops/instruction_set.h"

namespace rexbert::ckpt {
namespace {

std::string hash_file(Env& env, const fs::path& path) {
  return hash_hex(kManifestHash, env.map_file(path)->data());
}

std::string processor_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (!line.starts_with("model name")) continue;
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace

Platform Platform::current(const std::string& device, int ranks) {
  Platform now;
  now.threads = at::get_num_threads();
  now.instruction_set = str_cat(at::get_cpu_capability(), " + ", ops::instruction_set());
  now.processor = processor_name();
  now.rexbert_version = kVersion;
  now.torch_version = TORCH_VERSION;
  now.device = device;
  now.ranks = ranks;
  return now;
}

std::vector<std::string> Platform::differences(const Platform& now) const {
  std::vector<std::string> lines;
  const auto compare = [&](const char* name, const auto& then, const auto& today) {
    if (then != today) lines.push_back(str_cat(name, ": ", then, " then, ", today, " now"));
  };
  compare("threads", threads, now.threads);
  compare("instruction set", instruction_set, now.instruction_set);
  compare("processor", processor, now.processor);
  compare("rexbert", rexbert_version, now.rexbert_version);
  compare("LibTorch", torch_version, now.torch_version);
  compare("device", device, now.device);
  compare("ranks", ranks, now.ranks);
  if (!gradient_layout.empty() && !now.gradient_layout.empty()) {
    compare("layout of gradient buckets", gradient_layout, now.gradient_layout);
  }
  return lines;
}

Json Platform::to_json() const {
  return {{"threads", threads},
          {"instruction_set", instruction_set},
          {"processor", processor},
          {"rexbert_version", rexbert_version},
          {"torch_version", torch_version},
          {"device", device},
          {"ranks", ranks},
          {"gradient_layout", gradient_layout}};
}

Platform Platform::from_json(const Json& json, const std::string& source) {
  Platform platform;
  platform.threads = json_get<int>(json, "threads", source);
  platform.instruction_set = json_get<std::string>(json, "instruction_set", source);
  platform.processor = json_get<std::string>(json, "processor", source);
  platform.rexbert_version = json_get<std::string>(json, "rexbert_version", source);
  platform.torch_version = json_get<std::string>(json, "torch_version", source);
  platform.device = json_get<std::string>(json, "device", source);
  // Manifests of one process used to be without these.
  if (json.contains("ranks")) platform.ranks = json_get<int>(json, "ranks", source);
  if (json.contains("gradient_layout")) {
    platform.gradient_layout = json_get<std::string>(json, "gradient_layout", source);
  }
  return platform;
}

Manifest Manifest::load(Env& env, const fs::path& folder) {
  const fs::path path = folder / kManifestFile;
  const std::string source = path.string();
  const Json json = parse_json(env.read_file(path), source);
  const int version = json_get<int>(json, "version", source);
  if (version != kManifestVersion) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(source, ": version: expected ", kManifestVersion, ", got ", version));
  }
  Manifest manifest;
  manifest.platform = Platform::from_json(json_get<Json>(json, "platform", source), source);
  const Json files = json_get<Json>(json, "files", source);
  for (const auto& [name, file] : files.items()) {
    manifest.files[name] = {json_get<uint64_t>(file, "bytes", source),
                            json_get<std::string>(file, "xxh3_128", source)};
  }
  return manifest;
}

void Manifest::save(Env& env, const fs::path& folder) const {
  Json json = {{"version", kManifestVersion}, {"platform", platform.to_json()}};
  for (const auto& [name, file] : files) {
    json["files"][name] = {{"bytes", file.bytes}, {"xxh3_128", file.xxh3_128}};
  }
  write_synced_file(env, folder / kManifestFile, json.dump(2) + "\n");
}

std::optional<std::string> find_damage(Env& env, const fs::path& folder) {
  try {
    const Manifest manifest = Manifest::load(env, folder);
    for (const auto& [name, expected] : manifest.files) {
      const fs::path path = folder / name;
      if (!env.exists(path)) return str_cat(name, ": missing");
      const uint64_t bytes = env.file_size(path);
      if (bytes != expected.bytes) {
        return str_cat(name, ": expected ", expected.bytes, " bytes, got ", bytes);
      }
      const std::string hash = hash_file(env, path);
      if (hash != expected.xxh3_128) {
        return str_cat(name, ": expected hash ", expected.xxh3_128, ", got ", hash);
      }
    }
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt && error.code() != ErrorCode::kNotFound) throw;
    return std::string(error.what());
  }
  return std::nullopt;
}

}  // namespace rexbert::ckpt
