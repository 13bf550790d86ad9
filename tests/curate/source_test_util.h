#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/compression.h"
#include "rexbert/core/env.h"
#include "rexbert/curate/source.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {

struct SourceResult {
  std::vector<Document> documents;
  std::vector<std::string> texts;
  std::vector<std::string> bad;  // "line: reason"
  SourceCounts counts;
};

inline SourceResult read_source(const fs::path& path, const SourceOptions& options = {}) {
  SourceResult result;
  const auto source =
      open_source(Env::posix(), path, options, [&result, &path](const text::BadLine& bad) {
        EXPECT_EQ(bad.file, path.string());
        result.bad.push_back(std::to_string(bad.line) + ": " + bad.reason);
      });
  Document document;
  while (source->next(document)) {
    result.texts.push_back(document.text);
    result.documents.push_back(document);
  }
  EXPECT_FALSE(source->next(document));
  result.counts = source->counts();
  EXPECT_EQ(result.counts.documents, result.documents.size());
  EXPECT_EQ(result.counts.bad, result.bad.size());
  return result;
}

class SourceTest : public testing::Test {
 protected:
  fs::path write(const std::string& name, std::string_view contents) const {
    const fs::path path = directory_.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << contents;
    return path;
  }
  test::TemporaryDirectory directory_;
};

inline std::string gzip(std::string_view data) { return compress({Compression::kGzip, 6}, data); }
inline std::string zstd(std::string_view data) { return compress({Compression::kZstd, 3}, data); }

// A record of a WARC file, with its end.
inline std::string warc_record(std::string_view type, std::string_view headers,
                               std::string_view content) {
  return "WARC/1.0\r\nWARC-Type: " + std::string(type) + "\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(content.size()) + "\r\n\r\n" + std::string(content) +
         "\r\n\r\n";
}

}  // namespace rexbert::curate
