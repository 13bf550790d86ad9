#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rexbert/batch/stream_source.h"
#include "rexbert/core/env.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/writer.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::batch {

// A folder that goes away with the object.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name)
      : path_(fs::path(::testing::TempDir()) / str_cat("rexbert_", name, "_", ::getpid())) {
    fs::remove_all(path_);
    fs::create_directories(path_);
  }
  ~ScratchFolder() { fs::remove_all(path_); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// Documents of the given numbers of content tokens. Every token says where it is: the content is
// first + document, first + document + 1, ... modulo a large number, so that no two places look
// alike by accident.
struct MadeStream {
  std::vector<int32_t> lengths = {};
  bool wrapped = true;  // [CLS] and [SEP] around each document
  uint64_t shard_bytes = 1 << 16;
  std::string compression = {};
};

inline int32_t made_token(size_t document, int32_t position) {
  return static_cast<int32_t>(5 + (document * 7919 + static_cast<size_t>(position)) % 50'000);
}

inline void write_stream(const fs::path& folder, const MadeStream& made) {
  shard::MdsWriter writer(Env::posix(), folder,
                          {.columns = {{"input_ids", "ndarray:uint16"}},
                           .compression = made.compression,
                           .size_limit = made.shard_bytes});
  for (size_t i = 0; i < made.lengths.size(); ++i) {
    std::vector<uint16_t> ids;
    if (made.wrapped) ids.push_back(tokenizer::kClsId);
    for (int32_t k = 0; k < made.lengths[i]; ++k) {
      ids.push_back(static_cast<uint16_t>(made_token(i, k)));
    }
    if (made.wrapped) ids.push_back(tokenizer::kSepId);
    writer.write(
        std::vector<shard::Value>{shard::NdArray::from<uint16_t>(std::span<const uint16_t>(ids))});
  }
  writer.finish();
}

inline std::shared_ptr<const StreamSource> open_made(const fs::path& folder,
                                                     const std::string& name, int32_t lanes) {
  return StreamSource::open(Env::posix(), name, {.path = folder.string()}, lanes, {});
}

inline std::shared_ptr<const StreamSource> make_stream(const ScratchFolder& scratch,
                                                       const std::string& name,
                                                       const MadeStream& made, int32_t lanes) {
  write_stream(scratch.path() / name, made);
  return open_made(scratch.path() / name, name, lanes);
}

// `count` lengths from low to high, skewed to the short.
inline std::vector<int32_t> skewed_lengths(size_t count, int32_t low, int32_t high, uint64_t seed) {
  KeyedRng rng(seed, Purpose::kTest);
  std::vector<int32_t> lengths(count);
  for (int32_t& length : lengths) {
    const double u = rng.next_uniform();
    length = low + static_cast<int32_t>(u * u * u * (high - low));
  }
  return lengths;
}

}  // namespace rexbert::batch
