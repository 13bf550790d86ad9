#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"

// ckpt: what a checkpoint folder holds, how it appears and disappears as a whole, and how damage is
// noticed. A checkpoint is a Hugging Face model folder with the optimizer's state, the trainer's
// state and a manifest beside the weights (docs/formats/checkpoint.md).
namespace rexbert::ckpt {

inline constexpr int kManifestVersion = 1;
inline constexpr std::string_view kManifestFile = "manifest.json";
inline constexpr std::string_view kManifestHash = "xxh3_128";

// What the bits of a continued run depend on besides the files: equal here, equal bits.
struct Platform {
  int threads = 0;
  std::string instruction_set;  // of LibTorch's kernels and of ours: "AVX2 + avx2"
  std::string processor;
  std::string rexbert_version;
  std::string torch_version;
  std::string device;
  int ranks = 1;                // that trained together
  std::string gradient_layout;  // dist::GradientReducer::layout(), where there were several

  static Platform current(const std::string& device, int ranks = 1);
  // One line for each thing that differs: "threads: 2 then, 4 now". A layout that is not known yet
  // differs from none.
  std::vector<std::string> differences(const Platform& now) const;

  Json to_json() const;
  static Platform from_json(const Json& json, const std::string& source);
};

// Names, sizes and hashes (XXH3, 128 bits) of all other files of the folder; written last.
struct Manifest {
  struct File {
    uint64_t bytes = 0;
    std::string xxh3_128;
  };
  std::map<std::string, File> files;
  Platform platform;

  static Manifest load(Env& env, const fs::path& folder);
  // Writes and syncs kManifestFile.
  void save(Env& env, const fs::path& folder) const;
};

// What is wrong with the checkpoint in `folder`, in one line ("model.safetensors: expected 123
// bytes, got 100"), or nothing. Reads and hashes every file. What is no damage is thrown:
// Error(kIo) where the system refuses to read, Error(kIncompatible) for another version.
std::optional<std::string> find_damage(Env& env, const fs::path& folder);

}  // namespace rexbert::ckpt
