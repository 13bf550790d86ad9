#include "rexbert/curate/dedup.h"

#include <cmath>
#include <functional>

#include "curate/clusters.h"
#include "curate/rewrite_files.h"
#include "curate/sketches.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

void check_range(const char* name, double value, double lowest, double highest) {
  if (value >= lowest && value <= highest) return;
  throw Error(ErrorCode::kConfig, str_cat("deduplication: ", name, ": expected ", lowest, " to ",
                                          highest, ", got ", value));
}

void check_options(const DedupOptions& options) {
  check_range("shingle_words", options.shingle_words, 1, 100);
  check_range("bands", options.bands, 0, 1000);
  check_range("rows", options.rows, 1, 100);
  check_range("bucket_window", options.bucket_window, 1, 1e6);
  check_range("partitions", options.partitions, 1, 400);
  if (!(options.similarity > 0 && options.similarity <= 1)) {
    throw Error(ErrorCode::kConfig,
                str_cat("deduplication: similarity: expected above 0 and at most 1, got ",
                        options.similarity));
  }
}

// All that the outputs and the files of the folder depend on.
Json describe(Env& env, const DedupJob& job, const DedupOptions& options) {
  return {{"kind", "deduplicate"},
          {"files", describe_files(env, job.files)},
          {"report", job.report.string()},
          {"shingle_words", options.shingle_words},
          {"bands", options.bands},
          {"rows", options.rows},
          {"similarity", options.similarity},
          {"bucket_window", options.bucket_window},
          {"partitions", options.partitions},
          {"seed", options.seed}};
}

// Keeps the best of every cluster and reports the others.
class KeepBest {
 public:
  KeepBest(const WorkFolder& folder, const DedupJob& job, const std::vector<uint32_t>& kept)
      : sketches_(folder), job_(job), kept_(kept) {}

  RewriteResult operator()(const RewriteBatch& batch) const {
    check_unchanged(batch);
    RewriteResult result;
    auto document = static_cast<uint32_t>(batch.first_document);
    for (const std::string_view line : batch.lines.lines()) {
      if (kept_[document] == document) {
        result.kept.append(line).append(1, '\n');
        ++result.counts["kept"];
      } else {
        report(document, result);
      }
      ++document;
    }
    return result;
  }

 private:
  void check_unchanged(const RewriteBatch& batch) const {
    const uint64_t end = batch.first_document + batch.lines.line_count;
    if (end <= kept_.size()) {
      const SketchRecord first = sketches_.record(static_cast<uint32_t>(batch.first_document));
      const SketchRecord last = sketches_.record(static_cast<uint32_t>(end - 1));
      if (first.file == batch.file && first.line == batch.lines.first + 1 &&
          last.file == batch.file && last.line == batch.lines.first + batch.lines.line_count) {
        return;
      }
    }
    throw Error(ErrorCode::kCorrupt,
                str_cat(job_.files[batch.file].input.string(), ":", batch.lines.first + 1,
                        ": expected the lines that were read before, got others: the file has "
                        "changed"));
  }

  void report(uint32_t document, RewriteResult& result) const {
    const SketchRecord own = sketches_.record(document);
    const SketchRecord kept = sketches_.record(kept_[document]);
    const bool exact = own.hash == kept.hash;
    const char* const reason = exact ? "exact" : "near";
    ++result.counts[reason];
    const Json line = {{"id", sketches_.id(own)},
                       {"file", job_.files[own.file].input.string()},
                       {"line", own.line},
                       {"reason", reason},
                       {"similarity", exact ? 1.0 : similarity(own, kept)},
                       {"kept_id", sketches_.id(kept)},
                       {"kept_file", job_.files[kept.file].input.string()},
                       {"kept_line", kept.line}};
    result.report += line.dump() + "\n";
  }

  double similarity(const SketchRecord& a, const SketchRecord& b) const {
    std::vector<uint32_t> of_a, of_b;
    sketches_.read_shingles(a, of_a);
    sketches_.read_shingles(b, of_b);
    return jaccard(of_a, of_b);
  }

  Sketches sketches_;
  const DedupJob& job_;
  const std::vector<uint32_t>& kept_;
};

DedupSummary summarize(Counts counts) {
  return {counts["documents"], counts["kept"], counts["exact"], counts["near"]};
}

}  // namespace

double collision_probability(double jaccard, int bands, int rows) {
  return 1 - std::pow(1 - std::pow(jaccard, rows), bands);
}

DedupSummary deduplicate(Env& env, const DedupJob& job, const DedupOptions& options) {
  check_options(options);
  check_outputs(job.files, job.report);
  WorkFolder folder(env, job.work_directory, describe(env, job, options));
  if (is_complete(folder, job.files, job.report)) {
    return summarize(folder.state().at("counts").get<Counts>());
  }
  if (folder.state().contains("done")) folder.save(Json::object());
  const uint64_t documents = write_sketches(folder, job, options);
  const std::vector<uint32_t> kept = find_clusters(folder, documents, job.threads, options);
  const KeepBest keep_best(folder, job, kept);
  return summarize(rewrite_files(folder, job.files, job.report, job.threads,
                                 {.documents = documents, .batch = std::cref(keep_best)}));
}

}  // namespace rexbert::curate
