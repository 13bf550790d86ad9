// The stages that choose documents: filter, dedup and decontaminate.

#include <algorithm>
#include <array>
#include <bit>

#include "curate/line_batches.h"
#include "curate/stages.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document_filter.h"

namespace rexbert::curate {
namespace {

// Counts of one domain, by name: "documents", "bytes", "lines", "words", the same of what is kept
// ("kept_documents", ...), "dropped: REASON", documents by the bits that their bytes take
// ("length 11": 1024 to 2047), and the kept lines by tenths of their score ("score 9").
using Counts = std::map<std::string, uint64_t>;

struct FilterResult {
  std::string frame;
  std::map<std::string, Counts> domains;
};

FilterResult filter_batch(const DocumentFilter& filter, DocumentBatch&& batch) {
  FilterResult result;
  for (const Document& document : batch) {
    Counts& counts = result.domains[domain_name(document)];
    counts["documents"] += 1;
    counts["bytes"] += document.text.size();
    counts["lines"] += split_lines(document.text).size();
    counts["words"] += count_words(document.text);
    counts[str_cat("length ", std::bit_width(document.text.size()))] += 1;
  }
  const auto reasons = filter.apply(batch);
  std::string lines;
  for (size_t d = 0; d < batch.size(); ++d) {
    Document& document = batch[d];
    Counts& counts = result.domains[domain_name(document)];
    if (reasons[d] != nullptr) {
      counts[str_cat("dropped: ", reasons[d])] += 1;
      continue;
    }
    document.domain = domain_name(document);
    counts["kept_documents"] += 1;
    counts["kept_bytes"] += document.text.size();
    counts["kept_lines"] += document.line_scores.size();
    counts["kept_words"] += count_words(document.text);
    std::array<uint64_t, 10> tenths{};
    for (const float score : document.line_scores) {
      ++tenths[static_cast<size_t>(std::min(9, static_cast<int>(score * 10)))];
    }
    for (size_t i = 0; i < tenths.size(); ++i) {
      if (tenths[i] > 0) counts[str_cat("score ", i)] += tenths[i];
    }
    lines += to_json_line(document);
  }
  if (!lines.empty()) result.frame = zstd_frame(lines);
  return result;
}

Json filter_file(const StageContext& context, const StageFolder& folder,
                 const DocumentFilter& filter, const InputFile& input, InputProgress& progress) {
  Json bad;
  const auto source = context.open(progress.env(), input, bad);
  PublishedFile file(context.env, folder / output_name(input));
  std::map<std::string, Counts> domains;
  uint64_t lines = 0, kept_lines = 0;
  map_source<FilterResult>(
      *source, context.threads,
      [&] {
        return [&filter](DocumentBatch&& batch) { return filter_batch(filter, std::move(batch)); };
      },
      [&](FilterResult&& result) {
        file.append(result.frame);
        for (const auto& [domain, counts] : result.domains) {
          for (const auto& [name, count] : counts) domains[domain][name] += count;
          lines += counts.at("lines");
          if (counts.contains("kept_lines")) kept_lines += counts.at("kept_lines");
        }
        progress.show(str_cat(input.path.filename().string(), ", ", kept_lines, " of ", lines,
                              " lines kept"));
      });
  file.publish();
  return {{"domains", domains}, {"bad_records", bad}};
}

// A hash of the models: another one makes another output.
std::string hash_of_models(const StageContext& context) {
  std::string all;
  const auto learner = context.learner();
  for (const std::string& domain : chosen_domains(context)) {
    for (const char* suffix : {learner->suffix(), ".json"}) {
      const fs::path file = context.directory("train-classifier") / (file_name_of(domain) + suffix);
      context.require(file, "train-classifier");
      all += hash_hex("xxh3_64", context.env.read_file(file));
    }
  }
  return hash_hex("xxh3_64", all);
}

// From the outputs of one stage to those of another.
std::vector<FileRewrite> rewrites(const StageContext& context, const std::string& from,
                                  const std::string& to) {
  std::vector<FileRewrite> files;
  for (const InputFile& input : context.inputs) {
    const fs::path file = context.directory(from) / output_name(input);
    context.require(file, from);
    files.push_back({file, context.directory(to) / output_name(input)});
  }
  return files;
}

}  // namespace

void run_filter(const StageContext& context) {
  const LineFilterOptions& options = context.config.filter;
  StageFolder folder(context.env, context.directory("filter"),
                     {{"input", context.input_settings()},
                      {"models", hash_of_models(context)},
                      {"min_run", options.min_run},
                      {"bridge", options.bridge},
                      {"min_share", options.min_share},
                      {"min_bytes", options.min_bytes}});
  const DocumentFilter filter(load_models(context), options);
  for_each_input(context, folder, "filtering",
                 [&](const InputFile& input, InputProgress& progress) {
                   return filter_file(context, folder, filter, input, progress);
                 });
}

void run_dedup(const StageContext& context) {
  const DedupStageOptions& options = context.config.dedup;
  const DedupOptions& near = options.near;
  StageFolder folder(context.env, context.directory("dedup"),
                     {{"shingle_words", near.shingle_words},
                      {"bands", near.bands},
                      {"rows", near.rows},
                      {"similarity", near.similarity},
                      {"bucket_window", near.bucket_window},
                      {"seed", near.seed}});
  if (folder.is_done("dedup")) return;
  const DedupSummary summary = deduplicate(context.env,
                                           {.files = rewrites(context, "filter", "dedup"),
                                            .report = folder / "duplicates.jsonl",
                                            .work_directory = folder / "work",
                                            .threads = context.threads},
                                           near);
  folder.finish("dedup", {{"documents", summary.documents},
                          {"kept", summary.kept},
                          {"exact", summary.exact},
                          {"near", summary.near}});
}

void run_decontaminate(const StageContext& context) {
  const DecontaminateStageOptions& options = context.config.decontaminate;
  Json files = Json::object();
  std::vector<EvaluationFile> evaluation;
  for (const auto& [name, file] : options.evaluation) {
    files[name] = {{"path", file.path.string()},
                   {"hash", hash_hex("xxh3_64", context.env.read_file(file.path))},
                   {"fields", file.fields}};
    evaluation.push_back(file);
  }
  StageFolder folder(context.env, context.directory("decontaminate"),
                     {{"evaluation", files},
                      {"dedup", context.config.dedup.enabled},
                      {"ngram_words", options.overlap.ngram_words},
                      {"min_words", options.overlap.min_words}});
  if (folder.is_done("decontaminate")) return;
  const char* before = stage_before_decontaminate(context.config);
  const DecontaminateSummary summary =
      decontaminate(context.env,
                    {.files = rewrites(context, before, "decontaminate"),
                     .evaluation = evaluation,
                     .report = folder / "contaminated.jsonl",
                     .work_directory = folder / "work",
                     .threads = context.threads},
                    options.overlap);
  folder.finish("decontaminate", {{"documents", summary.documents},
                                  {"kept", summary.kept},
                                  {"dropped", summary.dropped},
                                  {"hits", summary.hits},
                                  {"evaluation_texts", summary.evaluation_texts},
                                  {"short_texts", summary.short_texts}});
}

}  // namespace rexbert::curate
