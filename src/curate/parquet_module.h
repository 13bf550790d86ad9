#pragma once

// The border between this process and Arrow.
//
// A wheel's libparquet.so shows every library that it was built with (simdjson, OpenSSL, ...) under
// their own names, so a program linked with it would have calls of its own land in the wrong
// version. Arrow is therefore linked into a module alone, librexbert_parquet.so, which is loaded so
// that neither side sees the other's symbols, and what crosses the border is declared here: the
// standard library's types and no exceptions.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace rexbert::curate {

// The file, as the process lets the module read it.
class ParquetInput {
 public:
  virtual uint64_t size() const = 0;
  // Reads exactly `length` bytes; false when that fails, which the process keeps the reason of.
  virtual bool read(uint64_t offset, size_t length, char* out) = 0;

 protected:
  ~ParquetInput() = default;
};

struct ParquetRequest {
  std::vector<std::string> paths;  // to look up in each row, as text::JsonFields does
  std::string list_separator;
  std::string text_column;  // must be there and hold strings; empty: none must
};

// The rows of a file, in order.
class ParquetRows {
 public:
  virtual ~ParquetRows() = default;

  enum class Step { kRow, kNullText, kEnd, kFailed };
  // Moves by one row: one text for each path. kNullText: the text column is null there. kFailed:
  // the file is damaged or not as requested, and reason() says how; there are no more rows.
  virtual Step next(std::vector<std::string>& values) = 0;
  virtual const std::string& reason() const = 0;
};

// The module's one symbol, kOpenParquetRows. `input` outlives the rows.
using OpenParquetRows = ParquetRows*(ParquetInput& input, const ParquetRequest& request);
inline constexpr const char* kOpenParquetRows = "rexbert_open_parquet_rows";

}  // namespace rexbert::curate
