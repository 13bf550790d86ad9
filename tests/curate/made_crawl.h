#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::test {

// A crawl of several files whose lines are known: documents of three domains, made of blocks of
// lines of the kinds of text_kinds.h, some of them twice.
struct MadeCrawl {
  // Of each line of each document, by its id, whether it is e-commerce.
  std::map<std::string, std::vector<bool>> truth;
  uint64_t documents = 0;  // copies included
  uint64_t copies = 0;     // of the text of another document

  // Writes `files` files into `directory`, plain, .gz and .zst in turn.
  static MadeCrawl write(Env& env, const fs::path& directory, int files, int documents_a_file);
};

}  // namespace rexbert::test
