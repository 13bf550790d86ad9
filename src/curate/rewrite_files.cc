#include "curate/rewrite_files.h"

#include <algorithm>
#include <set>

#include "curate/stage_folder.h"
#include "rexbert/core/error.h"
#include "rexbert/core/ordered_map.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert::curate {
namespace {

// Of lines in memory for each thread; a frame of compressed output holds one batch.
constexpr size_t kBatchBytes = size_t{4} << 20;

bool is_compressed(const fs::path& path) { return path.extension() == ".zst"; }

fs::path aside(const fs::path& path) { return path.string() + ".tmp"; }

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// A part of a file, which is the parts end to end.
std::string encode(const fs::path& path, std::string part) {
  return part.empty() || !is_compressed(path) ? part : zstd_frame(part);
}

// A compressed file without any frame could not be read.
std::string encode_empty(const fs::path& path) { return is_compressed(path) ? zstd_frame("") : ""; }

class Rewriter {
 public:
  Rewriter(WorkFolder& folder, const std::vector<FileRewrite>& files, const fs::path& report,
           int threads, const Rewrite& rewrite)
      : folder_(folder),
        env_(folder.env()),
        files_(files),
        report_path_(report),
        threads_(threads),
        rewrite_(rewrite),
        counts_(rewrite.initial) {}

  Counts run() {
    load();
    open_report();
    for (size_t i = done_; i < files_.size(); ++i) write_file(i);
    if (rewrite_.documents && *rewrite_.documents != counts_["documents"]) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat("expected ", *rewrite_.documents, " documents, as were read before, got ",
                          counts_["documents"], ": a file has changed"));
    }
    publish_report();
    finish();
    return counts_;
  }

 private:
  void load() {
    if (!folder_.state().contains("rewrite")) return;
    const Json state = folder_.state().at("rewrite");
    const std::string source = (folder_ / "journal.json").string();
    done_ = json_get<size_t>(state, "files", source);
    report_bytes_ = json_get<uint64_t>(state, "report_bytes", source);
    counts_ = json_get<Counts>(state, "counts", source);
  }

  void save() {
    Json state = folder_.state();
    state["rewrite"] = {{"files", done_}, {"report_bytes", report_bytes_}, {"counts", counts_}};
    folder_.save(std::move(state));
  }

  void open_report() {
    env_.create_directories(directory_of(report_path_));
    const bool published = done_ == files_.size() && !env_.exists(aside(report_path_));
    if (published) return;
    report_ = resume_file(env_, aside(report_path_), report_bytes_);
  }

  void write_file(size_t index) {
    const fs::path& output = files_[index].output;
    env_.create_directories(directory_of(output));
    PublishedFile file(env_, output);
    LineBatchReader reader(env_, files_[index].input, kBatchBytes);
    uint64_t documents = counts_["documents"];
    ordered_map<RewriteBatch, RewriteResult>(
        threads_,
        [&]() -> std::optional<RewriteBatch> {
          auto lines = reader.next();
          if (!lines) return std::nullopt;
          RewriteBatch batch{index, documents, std::move(*lines)};
          documents += batch.lines.line_count;
          return batch;
        },
        [&] {
          return [&](RewriteBatch&& batch) {
            RewriteResult result = rewrite_.batch(batch);
            result.kept = encode(output, std::move(result.kept));
            result.report = encode(report_path_, std::move(result.report));
            result.counts["documents"] = batch.lines.line_count;
            return result;
          };
        },
        [&](RewriteResult&& result) {
          if (!result.kept.empty()) file.append(result.kept);
          if (!result.report.empty()) report_->append(result.report);
          report_bytes_ += result.report.size();
          for (const auto& [name, count] : result.counts) counts_[name] += count;
          progress_.update(counts_["documents"]);
        });
    file.publish();
    report_->sync();
    env_.sync_directory(directory_of(report_path_));
    done_ = index + 1;
    save();
  }

  void publish_report() {
    if (!report_) return;
    if (report_bytes_ == 0) report_->append(encode_empty(report_path_));
    report_->sync();
    report_->close();
    env_.rename(aside(report_path_), report_path_);
    env_.sync_directory(directory_of(report_path_));
  }

  void finish() {
    Json sizes = Json::array();
    for (const FileRewrite& file : files_) sizes.push_back(env_.file_size(file.output));
    folder_.save({{"done", true},
                  {"counts", counts_},
                  {"sizes", std::move(sizes)},
                  {"report_size", env_.file_size(report_path_)}});
    folder_.clear();
  }

  WorkFolder& folder_;
  Env& env_;
  const std::vector<FileRewrite>& files_;
  const fs::path& report_path_;
  int threads_;
  const Rewrite& rewrite_;
  size_t done_ = 0;
  uint64_t report_bytes_ = 0;
  Counts counts_;
  std::unique_ptr<WritableFile> report_;
  Progress progress_{"writing", 0, [](uint64_t count) {
                       return format_count(static_cast<int64_t>(count)) + " documents";
                     }};
};

}  // namespace

void check_outputs(const std::vector<FileRewrite>& files, const fs::path& report) {
  if (files.empty()) throw Error(ErrorCode::kUsage, "expected files of documents, got none");
  std::set<fs::path> taken;
  for (const FileRewrite& file : files) taken.insert(fs::weakly_canonical(file.input));
  const auto check = [&](const fs::path& path) {
    if (path.extension() == ".gz" || path.extension() == ".zstd") {
      throw Error(ErrorCode::kUsage,
                  path.string() + ": expected an output that is plain or ends in .zst");
    }
    if (!taken.insert(fs::weakly_canonical(path)).second) {
      throw Error(ErrorCode::kUsage, path.string() +
                                         ": expected an output of its own, got one "
                                         "that is an input or named twice");
    }
  };
  for (const FileRewrite& file : files) check(file.output);
  check(report);
}

Json describe_files(Env& env, const std::vector<FileRewrite>& files) {
  Json json = Json::array();
  for (const FileRewrite& file : files) {
    json.push_back({{"input", describe_input(env, file.input)}, {"output", file.output.string()}});
  }
  return json;
}

bool is_complete(const WorkFolder& folder, const std::vector<FileRewrite>& files,
                 const fs::path& report) {
  Env& env = folder.env();
  const Json& state = folder.state();
  if (!state.contains("done")) return false;
  const auto has_size = [&env](const fs::path& path, const Json& size) {
    return env.exists(path) && env.file_size(path) == size.get<uint64_t>();
  };
  if (!has_size(report, state.at("report_size"))) return false;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!has_size(files[i].output, state.at("sizes").at(i))) return false;
  }
  return true;
}

Counts rewrite_files(WorkFolder& folder, const std::vector<FileRewrite>& files,
                     const fs::path& report, int threads, const Rewrite& rewrite) {
  return Rewriter(folder, files, report, threads, rewrite).run();
}

}  // namespace rexbert::curate
