#pragma once

#include <string>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::text {

// Extensions of the files that a DocumentReader knows: .jsonl, .json and .txt.
const std::vector<std::string>& text_extensions();

// The files that `patterns` name, each once, in the order of the patterns and sorted by path inside
// one. A pattern is a file, a directory (all files below it with one of `extensions`, each also
// with .zst, .zstd or .gz behind it) or a glob whose last components hold * ? or []. Throws
// Error(kNotFound) for a pattern that names nothing, Error(kUsage) when there is no pattern.
std::vector<fs::path> expand_inputs(Env& env, const std::vector<std::string>& patterns,
                                    const std::vector<std::string>& extensions = text_extensions());

// The extension of a name, compression suffix left aside: ".jsonl" of "a.jsonl.gz".
std::string data_extension(const fs::path& path);

// True for a name that expand_inputs() takes from a directory by default.
bool has_text_extension(const fs::path& path);

// "a, b or c".
std::string one_of(const std::vector<std::string>& words);

}  // namespace rexbert::text
