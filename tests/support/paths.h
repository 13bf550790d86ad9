#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace rexbert::test {

inline std::filesystem::path source_path(const std::string& relative) {
  return std::filesystem::path(REXBERT_SOURCE_DIR) / relative;
}

// A file of the shared real data: in REXBERT_SHARED_DATA when that is set, else in ../shared/data
// beside the repository. It may be absent.
inline std::filesystem::path shared_data(const std::string& relative) {
  const char* folder = std::getenv("REXBERT_SHARED_DATA");
  return (folder != nullptr ? std::filesystem::path(folder) : source_path("../shared/data")) /
         relative;
}

// Python with the reference packages (scripts/setup.sh --oracle); it may be absent.
inline std::filesystem::path oracle_python() { return source_path(".deps/oracle/bin/python"); }

}  // namespace rexbert::test

// Skips the test, saying why, when a file that only some machines have is not there.
#define REXBERT_SKIP_WITHOUT(path) \
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "not on this machine: " << (path).string()
