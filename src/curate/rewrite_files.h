#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "curate/line_batches.h"
#include "curate/work_folder.h"
#include "rexbert/curate/file_rewrite.h"

namespace rexbert::curate {

using Counts = std::map<std::string, uint64_t>;

// Lines on their way from an input file to its output.
struct RewriteBatch {
  size_t file = 0;              // index in the list of files
  uint64_t first_document = 0;  // documents of all files before these
  LineBatch lines;
};

// What becomes of them.
struct RewriteResult {
  std::string kept;    // the lines that stay
  std::string report;  // lines of the report
  Counts counts;       // of whatever the caller counts; summed up over the batches
};

struct Rewrite {
  // Of all files, where it is known; another number is Error(kCorrupt) before the report appears.
  std::optional<uint64_t> documents = {};
  // Where the counts begin.
  Counts initial = {};
  // Called on several threads.
  std::function<RewriteResult(const RewriteBatch&)> batch = {};
};

// Throws Error(kUsage) for outputs, the report among them, that are named twice, are an input, or
// end in something else than .zst or a plain name.
void check_outputs(const std::vector<FileRewrite>& files, const fs::path& report);

// Writes every file's output and the report, in the order of the input, each published when it is
// complete, and removes what the folder holds. How far it is stands in the folder's state, so that
// a job that was killed goes on behind the last complete file. Returns the sums of the counts, with
// "documents" added; for a job that was done already these alone.
Counts rewrite_files(WorkFolder& folder, const std::vector<FileRewrite>& files,
                     const fs::path& report, int threads, const Rewrite& rewrite);

// The files in the description of a job (work_folder.h).
Json describe_files(Env& env, const std::vector<FileRewrite>& files);

// Whether the folder's job is done and its outputs are there.
bool is_complete(const WorkFolder& folder, const std::vector<FileRewrite>& files,
                 const fs::path& report);

}  // namespace rexbert::curate
