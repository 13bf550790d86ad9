#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/shard.h"
#include "support/temporary_directory.h"

namespace rexbert::shard {

// In memory where the system offers it: hundreds of shards are published with fsync.
class TemporaryDirectory : public test::TemporaryDirectory {
 public:
  TemporaryDirectory() : test::TemporaryDirectory(parent()) {}

 private:
  static fs::path parent() {
    const fs::path memory = "/dev/shm";
    return fs::is_directory(memory) ? memory : fs::temp_directory_path();
  }
};

// The message of the Error that `body` throws, contexts included; its code in `code`.
template <class Body>
std::string error_of(Body&& body, ErrorCode expected) {
  try {
    body();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), expected) << error.what();
    return error.what();
  }
  return "no error";
}

inline std::string read_all(const fs::path& path) { return Env::posix().read_file(path); }

inline void write_all(const fs::path& path, std::string_view contents) {
  const auto file = Env::posix().new_writable_file(path);
  file->append(contents);
  file->close();
}

// Every file of a directory by name.
inline std::map<std::string, std::string> contents_of(const fs::path& directory) {
  std::map<std::string, std::string> files;
  for (const std::string& name : Env::posix().list_directory(directory)) {
    files[name] = read_all(directory / name);
  }
  return files;
}

template <class T>
Value tokens_of(const std::vector<T>& ids) {
  return NdArray::from(std::span<const T>(ids));
}

// The two samples of the golden case in docs/formats/mds.md.
inline std::vector<std::vector<Value>> golden_samples() {
  std::vector<uint32_t> range(300);
  for (uint32_t i = 0; i < range.size(); ++i) range[i] = i;
  return {{std::string("a"), tokens_of<uint32_t>({50281, 7, 50282})},
          {std::string("bc"), tokens_of(range)}};
}

inline WriterOptions golden_options(std::string compression = "zstd") {
  return {.columns = {{"id", "str"}, {"input_ids", "ndarray:uint32"}},
          .compression = std::move(compression)};
}

inline Index write_stream(const fs::path& directory, const WriterOptions& options,
                          const std::vector<std::vector<Value>>& samples) {
  MdsWriter writer(Env::posix(), directory, options);
  for (const auto& sample : samples) writer.write(sample);
  return writer.finish();
}

}  // namespace rexbert::shard
