#pragma once

#include "rexbert/core/env.h"

namespace rexbert::curate {

// A file of documents and what is written of it: lines as to_json_line() makes them, those that
// stay unchanged and in order. Inputs may be plain, .zst, .zstd or .gz; outputs plain or .zst.
struct FileRewrite {
  fs::path input;
  fs::path output;
};

}  // namespace rexbert::curate
