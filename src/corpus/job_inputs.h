#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "corpus/journal.h"
#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/corpus/tokenize.h"

namespace rexbert::corpus {

// The input files of a job and which of their records are this part's.
class JobInputs {
 public:
  JobInputs(Env& env, const TokenizeOptions& options);

  const std::vector<fs::path>& files() const { return files_; }
  uint64_t file_bytes(size_t file) const { return bytes_[file]; }
  // What a journal says of the inputs: path, size and a hash of both ends of each file.
  Json describe(Env& env) const;
  // Index of the file with this path.
  uint64_t index_of(const std::string& path) const { return indexes_.at(path); }

  // This part reads the files [first, end).
  size_t first() const { return first_; }
  size_t end() const { return end_; }
  // Whether a record of those files is this part's.
  bool owns(const Position& position) const;

  // The end of the group of files that begins at `file`: files that are read in one go.
  size_t group_end(size_t file) const;

 private:
  std::vector<fs::path> files_;
  std::vector<uint64_t> bytes_;
  std::unordered_map<std::string, uint64_t> indexes_;
  Part part_;
  bool dealt_ = false;
  size_t first_ = 0;
  size_t end_ = 0;
};

}  // namespace rexbert::corpus
