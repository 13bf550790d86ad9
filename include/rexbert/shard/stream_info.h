#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/shard/shard_index.h"

namespace rexbert::shard {

inline constexpr std::string_view kStreamInfoFile = "rexbert.json";
inline constexpr int kStreamInfoVersion = 1;

// What index.json cannot say about a stream of tokens (the reference refuses unknown keys there):
// the file rexbert.json beside it, docs/formats/stream-info.md.
struct StreamInfo {
  struct Shard {
    uint64_t documents = 0;
    uint64_t tokens = 0;
    bool operator==(const Shard&) const = default;
  };

  std::string tokenizer_fingerprint;
  int32_t vocabulary_size = 0;
  // Whether every document begins with [CLS] and ends with [SEP].
  bool wrapped = true;
  std::vector<Shard> shards;     // parallel to the index's
  Json source = Json::object();  // what the stream was made from and the settings of the job

  bool operator==(const StreamInfo&) const = default;

  uint64_t documents() const;
  uint64_t tokens() const;

  // Nothing when the directory has no sidecar. Strict: Error(kCorrupt) for an unknown or missing
  // key or counts that do not add up, Error(kIncompatible) for another version.
  static std::optional<StreamInfo> load(Env& env, const fs::path& directory);
  static StreamInfo parse(std::string_view text, std::string_view source);
  std::string dump() const;
  // Atomic; to be called before the index is saved, so that a finished stream always has it.
  void save(Env& env, const fs::path& directory) const;
  // Throws Error(kCorrupt) unless shards and their documents are those of the index.
  void check_against(const Index& index, std::string_view source) const;

  // The sidecar of the merged stream: shards end to end, `source` of the first.
  // Error(kIncompatible) when fingerprint, vocabulary size or wrapping differ. `names` are for the
  // message. `parts` is not empty.
  static StreamInfo merge(const std::vector<StreamInfo>& parts,
                          const std::vector<std::string>& names);
};

}  // namespace rexbert::shard
