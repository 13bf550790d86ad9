#include "rexbert/text/input_files.h"

#include <fnmatch.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::text {
namespace {

constexpr std::array<std::string_view, 3> kCompressionExtensions = {".zst", ".zstd", ".gz"};

template <class Range>
bool contains(const Range& range, std::string_view word) {
  return std::find(range.begin(), range.end(), word) != range.end();
}

bool is_glob(std::string_view text) { return text.find_first_of("*?[") != std::string_view::npos; }

// Adds the files below `directory` that have one of `extensions`, names sorted at each level.
// `above` are the directories on the way there: a link back to one of them is not followed.
void add_directory(Env& env, const fs::path& directory, const std::vector<std::string>& extensions,
                   std::set<fs::path> above, std::vector<fs::path>& files) {
  if (!above.insert(fs::weakly_canonical(directory)).second) return;
  for (const std::string& name : env.list_directory(directory)) {
    const fs::path path = directory / name;
    if (env.is_directory(path)) {
      add_directory(env, path, extensions, above, files);
    } else if (contains(extensions, data_extension(path))) {
      files.push_back(path);
    }
  }
}

// The existing paths that match `pattern`, whose components may be globs.
std::vector<fs::path> match_glob(Env& env, const fs::path& pattern) {
  std::vector<fs::path> matched = {pattern.root_path()};
  for (const fs::path& component : pattern.relative_path()) {
    std::vector<fs::path> next;
    for (const fs::path& base : matched) {
      if (!is_glob(component.string())) {
        if (env.exists(base / component)) next.push_back(base / component);
        continue;
      }
      const fs::path directory = base.empty() ? fs::path(".") : base;
      if (!env.is_directory(directory)) continue;
      for (const std::string& name : env.list_directory(directory)) {
        if (fnmatch(component.c_str(), name.c_str(), FNM_PERIOD) == 0) next.push_back(base / name);
      }
    }
    matched = std::move(next);
  }
  return matched;
}

}  // namespace

const std::vector<std::string>& text_extensions() {
  static const std::vector<std::string> extensions = {".jsonl", ".json", ".txt"};
  return extensions;
}

std::string data_extension(const fs::path& path) {
  fs::path name = path.filename();
  if (contains(kCompressionExtensions, name.extension().string())) name = name.stem();
  return name.extension().string();
}

bool has_text_extension(const fs::path& path) {
  return contains(text_extensions(), data_extension(path));
}

std::string one_of(const std::vector<std::string>& words) {
  if (words.size() < 2) return str_join(words, "");
  return str_cat(str_join({words.begin(), words.end() - 1}, ", "), " or ", words.back());
}

std::vector<fs::path> expand_inputs(Env& env, const std::vector<std::string>& patterns,
                                    const std::vector<std::string>& extensions) {
  if (patterns.empty()) throw Error(ErrorCode::kUsage, "no input: expected files or directories");
  std::vector<fs::path> files;
  std::set<fs::path> seen;
  for (const std::string& pattern : patterns) {
    std::vector<fs::path> matched;
    const bool as_it_is = env.exists(pattern);
    const std::vector<fs::path> roots =
        as_it_is ? std::vector<fs::path>{pattern} : match_glob(env, pattern);
    for (const fs::path& root : roots) {
      if (env.is_directory(root)) {
        add_directory(env, root, extensions, {}, matched);
      } else {
        matched.push_back(root);
      }
    }
    if (matched.empty()) {
      const std::string problem =
          as_it_is ? str_cat("holds no file ", one_of(extensions), " (plain, .zst, .zstd or .gz)")
          : is_glob(pattern) ? "matches no file"
                             : "no such file or directory";
      throw Error(ErrorCode::kNotFound, str_cat("input ", pattern, ": ", problem));
    }
    std::sort(matched.begin(), matched.end());
    for (fs::path& file : matched) {
      if (!simdjson::validate_utf8(file.string())) {
        throw Error(ErrorCode::kUsage, str_cat("input ", str_quote(file.string(), 1000),
                                               ": expected a name in UTF-8; rename the file"));
      }
      if (seen.insert(fs::weakly_canonical(file)).second) files.push_back(std::move(file));
    }
  }
  return files;
}

}  // namespace rexbert::text
