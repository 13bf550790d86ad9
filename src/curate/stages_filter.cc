// The stages that choose documents: filter, dedup and decontaminate.

#include <optional>

#include "curate/decontaminate_files.h"
#include "curate/filter_batch.h"
#include "curate/line_batches.h"
#include "curate/stages.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

Json filter_file(const StageContext& context, const StageFolder& folder,
                 const DocumentFilter& filter, const InputFile& input, InputProgress& progress) {
  Json bad;
  const auto source = context.open(progress.env(), input, bad);
  PublishedFile file(context.env, folder / output_name(input));
  DomainFilterCounts domains;
  uint64_t lines = 0, kept_lines = 0;
  map_source<FilteredBatch>(
      *source, context.threads,
      [&] {
        return [&filter](DocumentBatch&& batch) {
          FilteredBatch result = filter_batch(filter, std::move(batch));
          if (!result.lines.empty()) result.lines = zstd_frame(result.lines);
          return result;
        };
      },
      [&](FilteredBatch&& result) {
        file.append(result.lines);
        for (const auto& [name, of_file] : result.files) {
          add_counts(domains, of_file);
          for (const auto& [domain, counts] : of_file) {
            lines += counts.at("lines");
            if (counts.contains("kept_lines")) kept_lines += counts.at("kept_lines");
          }
        }
        progress.show(str_cat(input.path.filename().string(), ", ", kept_lines, " of ", lines,
                              " lines kept"));
      });
  file.publish();
  return filter_result(domains, bad);
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

StageFolder filter_folder(const StageContext& context) {
  const LineFilterOptions& options = context.config.filter;
  return {context.env,
          context.directory("filter"),
          {{"input", context.input_settings()},
           {"models", hash_of_models(context)},
           {"min_run", options.min_run},
           {"bridge", options.bridge},
           {"min_share", options.min_share},
           {"min_bytes", options.min_bytes}},
          context.writer()};
}

StageFolder dedup_folder(const StageContext& context) {
  const DedupOptions& near = context.config.dedup.near;
  return {context.env,
          context.directory("dedup"),
          {{"shingle_words", near.shingle_words},
           {"bands", near.bands},
           {"rows", near.rows},
           {"similarity", near.similarity},
           {"bucket_window", near.bucket_window},
           {"seed", near.seed}}};
}

// From the outputs of filter to those of dedup.
std::vector<FileRewrite> dedup_files(const StageContext& context) {
  std::vector<FileRewrite> files;
  for (const InputFile& input : context.inputs) {
    const fs::path file = context.directory("filter") / output_name(input);
    context.require(file, "filter");
    files.push_back({file, context.directory("dedup") / output_name(input)});
  }
  return files;
}

std::string contaminated_file(const InputFile& input) { return input.name + ".contaminated.jsonl"; }

// `index` is made for the first file.
Json decontaminate_file(const StageContext& context, const StageFolder& folder,
                        const std::vector<EvaluationFile>& evaluation,
                        std::optional<EvaluationIndex>& index, const InputFile& input) {
  const char* before = stage_before_decontaminate(context.config);
  const fs::path file = context.directory(before) / output_name(input);
  context.require(file, before);
  const fs::path work = folder / (input.name + ".work");
  const DecontaminateOptions& options = context.config.decontaminate.overlap;
  const DecontaminateSummary summary =
      decontaminate(context.env,
                    {.files = {{file, folder / output_name(input)}},
                     .evaluation = evaluation,
                     .report = folder / contaminated_file(input),
                     .work_directory = work,
                     .threads = context.threads},
                    options, [&]() -> const EvaluationIndex& {
                      if (!index) index.emplace(context.env, evaluation, options);
                      return *index;
                    });
  context.env.remove_all(work);
  return {{"documents", summary.documents},
          {"kept", summary.kept},
          {"dropped", summary.dropped},
          {"hits", summary.hits},
          {"evaluation_texts", summary.evaluation_texts},
          {"short_texts", summary.short_texts}};
}

}  // namespace

void begin_filter(const StageContext& context) { filter_folder(context); }

void run_filter(const StageContext& context) {
  StageFolder folder = filter_folder(context);
  const DocumentFilter filter(load_models(context), context.config.filter);
  for_each_input(context, folder, "filtering",
                 [&](const InputFile& input, InputProgress& progress) {
                   return filter_file(context, folder, filter, input, progress);
                 });
}

void begin_dedup(const StageContext& context) { dedup_folder(context); }

void run_dedup(const StageContext& context) {
  StageFolder folder = dedup_folder(context);
  if (folder.is_done("dedup")) return;
  const DedupSummary summary = deduplicate(context.env,
                                           {.files = dedup_files(context),
                                            .report = folder / "duplicates.jsonl",
                                            .work_directory = folder / "work",
                                            .threads = context.threads},
                                           context.config.dedup.near);
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
                      {"min_words", options.overlap.min_words}},
                     context.writer());
  if (folder.is_done("decontaminate")) return;
  std::optional<EvaluationIndex> index;
  if (!for_each_input(context, folder, "decontaminating",
                      [&](const InputFile& input, InputProgress&) {
                        return decontaminate_file(context, folder, evaluation, index, input);
                      })) {
    return;
  }
  const auto lock = folder.try_lock();
  if (lock == nullptr || folder.is_done("decontaminate")) return;
  PublishedFile report(context.env, folder / "contaminated.jsonl");
  Json sums = Json::object();
  for (const InputFile& input : context.inputs) {
    report.append(context.env.read_file(folder / contaminated_file(input)));
    const Json counts = folder.result(input.name);
    for (const auto& [name, count] : counts.items()) {
      const bool of_evaluation = name == "evaluation_texts" || name == "short_texts";
      sums[name] = count.get<uint64_t>() + (of_evaluation ? 0 : sums.value(name, uint64_t{0}));
    }
  }
  report.publish();
  folder.finish("decontaminate", sums);
}

}  // namespace rexbert::curate
