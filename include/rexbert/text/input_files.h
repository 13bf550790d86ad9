#pragma once

#include <string>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::text {

// The files that `patterns` name, each once, in the order of the patterns and sorted by path inside
// one. A pattern is a file, a directory (all files below it with an extension .jsonl, .json or
// .txt, each also with .zst, .zstd or .gz behind it) or a glob whose last components hold * ? or
// []. Throws Error(kNotFound) for a pattern that names nothing, Error(kUsage) when there is no
// pattern.
std::vector<fs::path> expand_inputs(Env& env, const std::vector<std::string>& patterns);

// True for a name that expand_inputs() takes from a directory.
bool has_text_extension(const fs::path& path);

}  // namespace rexbert::text
