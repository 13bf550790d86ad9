#pragma once

// What write_parquet.cc writes and parquet_source_test.cc expects: no Arrow in the latter.

#include <string>
#include <vector>

namespace rexbert::curate {

struct ParquetDocuments {
  std::vector<std::string> ids = {"0", "1", "2"};
  std::vector<std::string> texts = {"One\nmore", "Two", "Th\u00e9ree"};
  std::vector<std::string> urls = {"https://a", "-", "https://c"};  // "-" is null
  std::vector<double> scores = {0.5, 19.95, -3};
};

inline std::vector<std::string> parquet_bad_texts() {
  return {"good", "-", "\xFF", std::string(101, 'x'), " ", std::string("a\0b", 3), "good too"};
}

inline std::vector<std::string> parquet_many_texts() {
  std::vector<std::string> texts;
  for (int i = 0; i < 3000; ++i) texts.push_back("row " + std::to_string(i * 7919));
  return texts;
}

}  // namespace rexbert::curate
