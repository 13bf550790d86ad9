#include "rexbert/curate/decontaminate.h"

#include <optional>

#include "curate/decontaminate_files.h"
#include "curate/document_fields.h"
#include "curate/evaluation_index.h"
#include "curate/evaluation_texts.h"
#include "curate/rewrite_files.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

void check_options(const DecontaminateOptions& options) {
  const auto check = [](const char* name, int value, int lowest, int highest) {
    if (value >= lowest && value <= highest) return;
    throw Error(ErrorCode::kConfig, str_cat("decontamination: ", name, ": expected ", lowest,
                                            " to ", highest, ", got ", value));
  };
  check("ngram_words", options.ngram_words, 1, 1000);
  check("min_words", options.min_words, 0, options.ngram_words);
}

// All that the outputs depend on.
Json describe(Env& env, const DecontaminateJob& job, const DecontaminateOptions& options) {
  Json evaluation = Json::array();
  for (const EvaluationFile& file : job.evaluation) {
    evaluation.push_back({{"file", describe_input(env, file.path)},
                          {"format", static_cast<int>(file.format)},
                          {"fields", file.fields},
                          {"header", file.header}});
  }
  return {{"kind", "decontaminate"},
          {"files", describe_files(env, job.files)},
          {"evaluation", std::move(evaluation)},
          {"report", job.report.string()},
          {"ngram_words", options.ngram_words},
          {"min_words", options.min_words}};
}

// Keeps the documents that share nothing with the index, and reports the others.
class KeepClean {
 public:
  KeepClean(const DecontaminateJob& job, const EvaluationIndex& index) : job_(job), index_(index) {}

  RewriteResult operator()(const RewriteBatch& batch) const {
    RewriteResult result;
    const std::string file = job_.files[batch.file].input.string();
    FieldParser parser;
    Words words;
    NgramHashes hashes;
    uint64_t number = batch.lines.first;
    for (const std::string_view line : batch.lines.lines()) {
      ++number;
      const DocumentFields fields = parser.parse(line, str_cat(file, ":", number));
      words.clear();
      words.append(fields.text);
      hashes.assign(words);
      const auto hits = index_.find(words, hashes);
      if (hits.empty()) {
        result.kept.append(line).append(1, '\n');
        ++result.counts["kept"];
        continue;
      }
      ++result.counts["dropped"];
      result.counts["hits"] += hits.size();
      for (const auto& [text, hit] : hits) {
        const Json json = report(text, hit, {{"id", fields.id}, {"file", file}, {"line", number}});
        result.report += json.dump() + "\n";
      }
    }
    return result;
  }

 private:
  Json report(uint32_t index, const EvaluationIndex::Hit& hit, Json json) const {
    const EvaluationIndex::Text& text = index_.text(index);
    const EvaluationFile& file = job_.evaluation[text.file];
    json["evaluation_file"] = file.path.string();
    json["evaluation_line"] = text.line;
    json["evaluation_field"] = field_name(file, text.field);
    json["words"] = hit.words;
    json["ngrams"] = hit.ngrams;
    return json;
  }

  const DecontaminateJob& job_;
  const EvaluationIndex& index_;
};

DecontaminateSummary summarize(Counts counts) {
  return {.documents = counts["documents"],
          .kept = counts["kept"],
          .dropped = counts["dropped"],
          .hits = counts["hits"],
          .evaluation_texts = counts["evaluation_texts"],
          .short_texts = counts["short_texts"]};
}

}  // namespace

DecontaminateSummary decontaminate(Env& env, const DecontaminateJob& job,
                                   const DecontaminateOptions& options) {
  std::optional<EvaluationIndex> index;
  return decontaminate(env, job, options, [&]() -> const EvaluationIndex& {
    return index.emplace(env, job.evaluation, options);
  });
}

DecontaminateSummary decontaminate(Env& env, const DecontaminateJob& job,
                                   const DecontaminateOptions& options,
                                   const std::function<const EvaluationIndex&()>& index) {
  check_options(options);
  check_outputs(job.files, job.report);
  if (job.evaluation.empty()) throw Error(ErrorCode::kUsage, "expected evaluation files, got none");
  WorkFolder folder(env, job.work_directory, describe(env, job, options));
  if (is_complete(folder, job.files, job.report)) {
    return summarize(folder.state().at("counts").get<Counts>());
  }
  if (folder.state().contains("done")) folder.save(Json::object());
  const EvaluationIndex& evaluation = index();
  log::info(str_cat("looking for ", evaluation.texts(), " evaluation texts; ",
                    evaluation.short_texts(), " more are too short"));
  Rewrite rewrite;
  rewrite.initial = {{"evaluation_texts", evaluation.texts()},
                     {"short_texts", evaluation.short_texts()}};
  rewrite.batch = KeepClean(job, evaluation);
  return summarize(rewrite_files(folder, job.files, job.report, job.threads, rewrite));
}

}  // namespace rexbert::curate
