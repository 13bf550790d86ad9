#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "datasets/line_reader.h"
#include "rexbert/core/json.h"

namespace rexbert::datasets {

// The JSON objects of a file, one a line; blank lines are passed over. Whatever is not as asked for
// is an Error(kCorrupt) "file:line: expected ..., got ...".
class JsonLines {
 public:
  JsonLines(Env& env, const fs::path& path) : lines_(env, path) {}

  // Moves to the next object; false at the end.
  bool next();
  const LineReader& lines() const { return lines_; }

  // Members of the object.
  const std::string& string(std::string_view key) const;
  const Json::array_t& list(std::string_view key) const;
  // The strings of a list.
  std::vector<std::string> strings(std::string_view key) const;

  // The same of an object that lies inside of this one; `what` names it.
  const Json& member(const Json& object, std::string_view key, std::string_view what) const;

  [[noreturn]] void fail(std::string_view expected, const Json& got) const;

 private:
  LineReader lines_;
  Json object_;
};

// Takes the objects whose member "split" is the one asked for, or all where none is.
class SplitFilter {
 public:
  explicit SplitFilter(std::string_view split) : split_(split) {}

  bool takes(const JsonLines& json);
  // Throws Error(kCorrupt) when nothing was taken.
  void check_taken(const JsonLines& json) const;

 private:
  std::string split_;
  size_t taken_ = 0;
  std::vector<std::string> others_;  // splits met, each once
};

}  // namespace rexbert::datasets
