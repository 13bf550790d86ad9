#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rexbert/core/env.h"
#include "rexbert/text/record_reader.h"

namespace rexbert::datasets {

// The lines of a file of examples, plain or compressed, with their ends ("\n" or "\r\n") and a byte
// order mark taken off.
class LineReader {
 public:
  LineReader(Env& env, const fs::path& path);

  // Moves to the next line; false at the end. Throws Error(kCorrupt) for a line that is not UTF-8
  // or too long.
  bool next();
  std::string_view line() const { return record_.bytes; }
  uint64_t number() const { return record_.line; }
  const std::string& file() const { return file_; }

  // "file:line".
  std::string where() const;
  // Throws Error(kCorrupt) "file:line: expected ..., got ...".
  [[noreturn]] void fail(std::string_view expected, std::string_view got) const;

 private:
  std::string file_;
  text::RecordReader records_;
  text::Record record_;
};

}  // namespace rexbert::datasets
