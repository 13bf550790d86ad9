// The stages that make the corpus: filter, dedup, decontaminate and write.

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

std::string output_name(const InputFile& input) { return input.name + ".jsonl.zst"; }

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
  std::string lines;
  for (Document& document : batch) {
    Counts& counts = result.domains[domain_name(document)];
    counts["documents"] += 1;
    counts["bytes"] += document.text.size();
    counts["lines"] += split_lines(document.text).size();
    counts["words"] += count_words(document.text);
    counts[str_cat("length ", std::bit_width(document.text.size()))] += 1;
    const char* reason = filter.apply(document);
    if (reason != nullptr) {
      counts[str_cat("dropped: ", reason)] += 1;
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
                 const DocumentFilter& filter, const InputFile& input) {
  Json bad;
  const auto source = context.open(input, bad);
  PublishedFile file(context.env, folder / output_name(input));
  std::map<std::string, Counts> domains;
  map_source<FilterResult>(
      *source, context.threads,
      [&] {
        return [&filter](DocumentBatch&& batch) { return filter_batch(filter, std::move(batch)); };
      },
      [&](FilterResult&& result) {
        file.append(result.frame);
        for (const auto& [domain, counts] : result.domains) {
          for (const auto& [name, count] : counts) domains[domain][name] += count;
        }
      });
  file.publish();
  return {{"domains", domains}, {"bad_records", bad}};
}

// A hash of the models: another one makes another output.
std::string hash_of_models(const StageContext& context) {
  std::string all;
  for (const std::string& domain : chosen_domains(context)) {
    for (const char* suffix : {".ftz", ".json"}) {
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

// The stages that the config has run before these.
const char* stage_before_decontaminate(const CurateConfig& config) {
  return config.dedup.enabled ? "dedup" : "filter";
}
const char* stage_before_write(const CurateConfig& config) {
  return config.decontaminate.evaluation.empty() ? stage_before_decontaminate(config)
                                                 : "decontaminate";
}

// One file of the corpus for each domain.
class DomainFiles {
 public:
  DomainFiles(Env& env, const fs::path& directory) : env_(env), directory_(directory) {
    env.create_directories(directory);
  }

  void add(const Document& document, const std::string& line) {
    constexpr size_t kFrameBytes = size_t{1} << 20;
    File& file = files_[document.domain];
    if (file.output == nullptr) {
      file.output = std::make_unique<PublishedFile>(env_, path_of(document.domain));
    }
    file.pending += line;
    if (file.pending.size() >= kFrameBytes) flush(file);
    ++file.counts["documents"];
    file.counts["bytes"] += document.text.size();
  }

  std::map<std::string, Counts> publish() {
    std::map<std::string, Counts> counts;
    for (auto& [domain, file] : files_) {
      flush(file);
      file.output->publish();
      counts[domain] = file.counts;
    }
    return counts;
  }

  fs::path path_of(const std::string& domain) const {
    return directory_ / (file_name_of(domain) + ".jsonl.zst");
  }

 private:
  struct File {
    std::unique_ptr<PublishedFile> output;
    std::string pending;
    Counts counts;
  };

  static void flush(File& file) {
    if (!file.pending.empty()) file.output->append(zstd_frame(file.pending));
    file.pending.clear();
  }

  Env& env_;
  fs::path directory_;
  std::map<std::string, File> files_;
};

void make_shards(const StageContext& context, const DomainFiles& files,
                 const std::map<std::string, Counts>& domains) {
  const WriteOptions& options = context.config.write;
  const fs::path root = fs::path(context.config.run.directory) / "shards";
  std::string streams = "# The streams of a training config: `include: streams.yaml`.\nstreams:\n";
  for (const auto& [domain, counts] : domains) {
    const std::string name = file_name_of(domain);
    corpus::TokenizeOptions tokenize;
    tokenize.inputs = {files.path_of(domain).string()};
    tokenize.tokenizer = options.tokenizer;
    tokenize.output = root / name;
    tokenize.holdout = {.share = options.holdout, .at_least = 0, .seed = context.config.run.seed};
    tokenize.threads = context.threads;
    corpus::tokenize(context.env, tokenize);
    const bool held_out = tokenize.holdout.enabled();
    streams += str_cat("  ", name, ": {path: ",
                       str_quote((root / name / (held_out ? "train" : "")).string(), 4096), "}\n");
  }
  publish_file(context.env, fs::path(context.config.run.directory) / "streams.yaml", streams);
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
  for_each_input(context, folder, "filtering", [&](const InputFile& input) {
    return filter_file(context, folder, filter, input);
  });
}

void run_dedup(const StageContext& context) {
  const DedupStageOptions& options = context.config.dedup;
  if (!options.enabled) return;
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
  if (options.evaluation.empty()) return;
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

void run_write(const StageContext& context) {
  const WriteOptions& options = context.config.write;
  StageFolder folder(context.env, context.directory("write"),
                     {{"tokenizer", options.tokenizer},
                      {"holdout", options.holdout},
                      {"dedup", context.config.dedup.enabled},
                      {"decontaminate", !context.config.decontaminate.evaluation.empty()}});
  DomainFiles files(context.env, fs::path(context.config.run.directory) / "corpus");
  if (!folder.is_done("corpus")) {
    const char* before = stage_before_write(context.config);
    for (const InputFile& input : context.inputs) {
      const fs::path path = context.directory(before) / output_name(input);
      context.require(path, before);
      LineBatchReader reader(context.env, path, size_t{1} << 20);
      while (const auto batch = reader.next()) {
        uint64_t number = batch->first;
        for (const std::string_view line : batch->lines()) {
          files.add(parse_document(line, str_cat(path.string(), ":", ++number)),
                    std::string(line) + "\n");
        }
      }
    }
    folder.finish("corpus", {{"domains", files.publish()}});
  }
  const auto domains = folder.result("corpus").at("domains").get<std::map<std::string, Counts>>();
  if (!options.tokenizer.empty()) make_shards(context, files, domains);
}

}  // namespace rexbert::curate
