#include "rexbert/config/reader.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::config {
namespace {

bool lies_below(const std::string& path, const std::string& root) {
  return path.starts_with(root) &&
         (path.size() == root.size() || path[root.size()] == '.' || path[root.size()] == '[');
}

}  // namespace

void Reader::problem(const Node& at, const std::string& path, const std::string& what) {
  const std::string where = at.where();
  problems_.push_back(str_cat(where, where.empty() ? "" : ": ", path.empty() ? "the config" : path,
                              ": ", what));
}

void Reader::note_inherited(const std::string& path, const std::string& from) {
  std::map<std::string, std::string> added;
  for (const auto& [known, where] : origins_) {
    if (!lies_below(known, from)) continue;
    const std::string prefix = "inherited: ";
    added[path + known.substr(from.size())] =
        where.starts_with(prefix) ? where : str_cat(prefix, where);
  }
  origins_.merge(added);
}

std::string Reader::origin(const std::string& path) const {
  const auto found = origins_.find(path);
  return found == origins_.end() ? "" : found->second;
}

void Reader::throw_if_problems() const {
  if (problems_.empty()) return;
  throw Error(ErrorCode::kConfig, str_join(problems_, "\n"));
}

std::string join_path(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : str_cat(path, ".", key);
}

std::string unknown_key(std::string_view key, const std::vector<std::string>& known) {
  const std::string nearest = nearest_name(key, known);
  if (!nearest.empty()) return str_cat("unknown key; did you mean ", nearest, "?");
  return str_cat("unknown key; expected one of ", str_join(known, ", "));
}

}  // namespace rexbert::config
