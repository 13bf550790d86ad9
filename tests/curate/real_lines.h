#pragma once

#include <map>
#include <string>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::test {

// A document's lines that are not blank.
using Lines = std::vector<std::string>;

// Adds the documents of one half of a JSON lines file, by the source that their ids begin with. The
// halves: 0, whose errors were looked at when the lexicon was written, and 1, kept for final
// numbers; the lowest bit of the first byte of the id's MD5 hash.
void read_half(const fs::path& path, int half, std::map<std::string, std::vector<Lines>>& all);

}  // namespace rexbert::test
