#pragma once

#include <map>
#include <string>

#include "rexbert/core/env.h"
#include "support/temporary_directory.h"

namespace rexbert::test {

// A crawl with all that many machines must treat as one does: files of several formats and
// packings, some cut into blocks and some empty, exact and near duplicates over files, chains of
// these, broken records, documents without names and domains, and evaluation data that some
// documents hold.
class ClusterCrawl {
 public:
  ClusterCrawl();

  // A config that makes of it the folder `output`.
  fs::path config(const std::string& output) const;
  // The output folder as one process makes it, once for all tests of a program.
  fs::path plain() const;

  fs::path operator/(const std::string& name) const { return directory_ / name; }

 private:
  void write_near_copies(const std::string& lines) const;
  void write_broken_records() const;
  void write_evaluation(const std::string& lines) const;

  TemporaryDirectory directory_;
};

// All files below an output folder by their paths in it, decompressed, with "OUTPUT" for the
// folder's own path. Without the manifest, which is a copy of the others and of the config, and
// what only one way of running leaves: journals, locks and Spark's config.
std::map<std::string, std::string> outputs(const fs::path& folder);

// Expects two maps of outputs() to be the same, naming the files that differ and where.
void expect_same_outputs(const std::map<std::string, std::string>& got,
                         const std::map<std::string, std::string>& expected);

}  // namespace rexbert::test
