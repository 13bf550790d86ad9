#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/config/node.h"

namespace rexbert::config {

// What a reading of a config collects: every problem (all are reported, not just the first) and the
// provenance of every value.
class Reader {
 public:
  // Notes "WHERE: PATH: WHAT".
  void problem(const Node& at, const std::string& path, const std::string& what);
  // Notes that the value at `path` came from `where`.
  void note_origin(const std::string& path, const std::string& where) { origins_[path] = where; }
  // All values at `from` and below that have an origin get the same origin text at `to`.
  void note_inherited(const std::string& path, const std::string& from);

  const std::vector<std::string>& problems() const { return problems_; }
  // Empty where the value is a default.
  std::string origin(const std::string& path) const;
  // Throws one Error(kConfig) that holds all problems, if there are any.
  void throw_if_problems() const;

 private:
  std::vector<std::string> problems_;
  std::map<std::string, std::string> origins_;
};

std::string join_path(const std::string& path, std::string_view key);

// "unknown key ...; did you mean ...?" with the known keys where none is near.
std::string unknown_key(std::string_view key, const std::vector<std::string>& known);

}  // namespace rexbert::config
