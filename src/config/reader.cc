#include "rexbert/config/reader.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::config {
namespace {

constexpr std::string_view kInherited = "inherited: ";

bool lies_below(const std::string& path, const std::string& root) {
  return path.starts_with(root) &&
         (path.size() == root.size() || path[root.size()] == '.' || path[root.size()] == '[');
}

}  // namespace

void Reader::problem(const Node& at, const std::string& path, const std::string& what) {
  const std::string where = at.where();
  problems_.push_back(
      str_cat(where, where.empty() ? "" : ": ", path.empty() ? "the config" : path, ": ", what));
}

void Reader::note_inherited(const std::string& path, const std::string& from) {
  std::map<std::string, std::string> added;
  for (const auto& [known, where] : origins_) {
    if (!lies_below(known, from)) continue;
    added[path + known.substr(from.size())] =
        where.starts_with(kInherited) ? where : str_cat(kInherited, where);
  }
  origins_.merge(added);
}

void Reader::forget_origins(const std::string& path) {
  std::erase_if(origins_, [&](const auto& entry) { return lies_below(entry.first, path); });
}

std::string Reader::origin(const std::string& path) const {
  const auto found = origins_.find(path);
  if (found != origins_.end()) return found->second;
  for (std::string above = path; !above.empty();) {
    const size_t end = above.find_last_of(".[");
    above.resize(end == std::string::npos ? 0 : end);
    const auto block = origins_.find(above);
    if (block != origins_.end()) {
      return block->second.starts_with(kInherited) ? block->second : "";
    }
  }
  return "";
}

void Reader::throw_if_problems() const {
  if (problems_.empty()) return;
  throw Error(ErrorCode::kConfig, str_join(problems_, "\n"));
}

const Node& deepest_node(const Node& root, std::string_view path) {
  const Node* at = &root;
  while (!path.empty()) {
    const bool is_index = path.front() == '[';
    const size_t end =
        is_index ? path.find(']') + 1 : std::min(path.find_first_of(".["), path.size());
    const Node* next = nullptr;
    if (is_index) {
      const size_t index = std::stoul(std::string(path.substr(1, end - 2)));
      if (index < at->list.size()) next = &at->list[index];
    } else {
      next = at->find(path.substr(0, end));
    }
    if (next == nullptr) break;
    at = next;
    path.remove_prefix(end);
    if (path.starts_with('.')) path.remove_prefix(1);
  }
  return *at;
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
