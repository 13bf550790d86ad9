#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rexbert/core/env.h"
#include "rexbert/corpus/tokenize.h"

namespace rexbert::corpus {

// Where the files of one tokenize job lie.
class JobLayout {
 public:
  JobLayout(fs::path output, std::optional<Part> part, bool holdout);

  const fs::path& output() const { return output_; }
  fs::path journal() const { return output_ / ("tokenize" + suffix_ + ".journal"); }
  // Locked while a process works on the job; gone when it is finished.
  fs::path lock() const { return output_ / ("tokenize" + suffix_ + ".lock"); }
  fs::path bad_lines() const { return output_ / ("bad_lines" + suffix_ + ".jsonl"); }
  // The folder that holds a split's stream, or its parts.
  fs::path split_root(Split split) const;
  fs::path stream(Split split) const;

  // Throws Error(kUsage) naming the first thing in `output` that does not come from such a job or
  // another part of it; for a job that has no journal yet.
  void check_unused(Env& env) const;

 private:
  fs::path output_;
  std::string part_name_;  // "part-00003-of-00008" or empty
  std::string suffix_;     // "-00003-of-00008" or empty
  bool holdout_;
};

// "part-00003-of-00008".
std::string part_name(Part part);
// The part that "tokenize-00003-of-00008.journal" is of; nothing for another name.
std::optional<Part> part_of_journal(std::string_view name);

}  // namespace rexbert::corpus
