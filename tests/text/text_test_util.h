#pragma once

#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/text/document_reader.h"
#include "support/errors.h"

namespace rexbert::text {

inline fs::path write_file(const fs::path& path, std::string_view contents) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

using test::error_of;

struct ReadResult {
  std::vector<std::string> texts, ids, bad;
  std::vector<uint64_t> lines, offsets;
  ReadCounts counts;
};

inline ReadResult read_all(const fs::path& path, const ReadOptions& options = {}) {
  ReadResult result;
  DocumentReader reader(Env::posix(), path, 0, options, [&result, &path](const BadLine& bad) {
    EXPECT_EQ(bad.file, path.string());
    result.bad.push_back(std::to_string(bad.line) + ": " + bad.reason);
  });
  Document document;
  while (reader.next(document)) {
    result.texts.emplace_back(document.text);
    result.ids.emplace_back(document.id);
    result.lines.push_back(document.line);
    result.offsets.push_back(document.offset);
  }
  result.counts = reader.counts();
  return result;
}

}  // namespace rexbert::text
