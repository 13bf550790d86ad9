#pragma once

#include <filesystem>
#include <string>

#include "rexbert/core/compression.h"
#include "rexbert/core/env.h"

namespace rexbert::test {

// The text of a file, decompressed by its name.
inline std::string read_text(const std::filesystem::path& path) {
  const auto source = open_byte_source(Env::posix(), path);
  std::string text;
  char block[4096];
  while (const size_t size = source->read(block, sizeof(block))) text.append(block, size);
  return text;
}

}  // namespace rexbert::test
