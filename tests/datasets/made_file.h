#pragma once

#include <string>
#include <string_view>

#include "rexbert/core/env.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::datasets::test {

// A file of examples made for one test.
class MadeFile {
 public:
  explicit MadeFile(std::string_view contents, std::string_view name = "made.jsonl")
      : path_(folder_ / name) {
    write_synced_file(Env::posix(), path_, contents);
  }

  const fs::path& path() const { return path_; }

  // What the Error says that `read(path)` throws, from the file's name on.
  template <class Read>
  std::string error_of(Read&& read) const {
    const std::string error = rexbert::test::error_of([&] { read(path_); });
    const std::string prefix = "corrupt data: " + (folder_.path() / "").string();
    return error.starts_with(prefix) ? error.substr(prefix.size()) : error;
  }

 private:
  rexbert::test::TemporaryDirectory folder_;
  fs::path path_;
};

}  // namespace rexbert::datasets::test
