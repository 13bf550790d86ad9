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
  // The value at `path` and all below it are those of `from`: their origins are
  // "inherited: ORIGIN".
  void note_inherited(const std::string& path, const std::string& from);
  // Nothing at `path` and below has an origin any more.
  void forget_origins(const std::string& path);

  const std::vector<std::string>& problems() const { return problems_; }
  // Empty where the value is a default. Defaults inside an inherited block are inherited with it.
  std::string origin(const std::string& path) const;
  // Throws one Error(kConfig) that holds all problems, if there are any.
  void throw_if_problems() const;

 private:
  std::vector<std::string> problems_;
  std::map<std::string, std::string> origins_;
};

// The node that a path such as "phases[1].batch.rows" names below `root`, or the nearest above it.
const Node& deepest_node(const Node& root, std::string_view path);

std::string join_path(const std::string& path, std::string_view key);

// "unknown key ...; did you mean ...?" with the known keys where none is near.
std::string unknown_key(std::string_view key, const std::vector<std::string>& known);

}  // namespace rexbert::config
