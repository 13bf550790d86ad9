// The stage that writes the corpus: text by domain, shards, streams and the salience table.

#include "curate/line_batches.h"
#include "curate/stages.h"
#include "rexbert/batch/salience_builder.h"
#include "rexbert/batch/stream_source.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::curate {
namespace {

using Counts = std::map<std::string, uint64_t>;

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

// The shards of a domain that are trained on.
fs::path training_shards(const CurateConfig& config, const std::string& domain) {
  const fs::path root = fs::path(config.run.directory) / "shards" / file_name_of(domain);
  return config.write.holdout > 0 ? root / "train" : root;
}

void make_shards(const StageContext& context, const DomainFiles& files,
                 const std::map<std::string, Counts>& domains) {
  const WriteOptions& options = context.config.write;
  const fs::path directory = context.config.run.directory;
  std::string streams =
      "# The streams of a training config: `include: streams.yaml`. Its salience table, for "
      "guided\n"
      "# masking, is salience.json beside this file.\nstreams:\n";
  for (const auto& [domain, counts] : domains) {
    const std::string name = file_name_of(domain);
    corpus::TokenizeOptions tokenize;
    tokenize.inputs = {files.path_of(domain).string()};
    tokenize.tokenizer = options.tokenizer;
    tokenize.output = directory / "shards" / name;
    tokenize.holdout = {.share = options.holdout, .at_least = 0, .seed = context.config.run.seed};
    tokenize.threads = context.threads;
    corpus::tokenize(context.env, tokenize);
    streams += str_cat("  ", name, ": {path: ",
                       str_quote(training_shards(context.config, domain).string(), 4096), "}\n");
  }
  publish_file(context.env, directory / "streams.yaml", streams);
}

// The lines of the sample that are labelled as something else, those behind each other as one text.
void count_other_lines(const StageContext& context, const tokenizer::Tokenizer& tokenizer,
                       uint64_t most_tokens, batch::SalienceCounter& counter) {
  uint64_t tokens = 0;
  std::vector<int32_t> ids;
  for (const LabelTask& task : labelled_tasks(context)) {
    const auto lines = split_lines(task.document.text);
    std::string text;
    for (size_t i = 0; i < task.lines.size(); ++i) {
      if (task.labels[i] == Label::kOther) text.append(lines[task.lines[i]]).append(1, '\n');
    }
    ids.clear();
    tokenizer.encode(text, ids);
    counter.add(batch::Corpus::kGeneral, ids);
    tokens += ids.size();
    if (most_tokens > 0 && tokens >= most_tokens) return;
  }
}

void count_shards(const StageContext& context, const tokenizer::Tokenizer& tokenizer,
                  const fs::path& shards, batch::Corpus corpus,
                  const batch::SalienceOptions& options, batch::SalienceCounter& counter) {
  // write.general is said to be of this tokenizer: that declares it, where the shards do not say.
  const std::string& path = context.config.write.tokenizer;
  const auto stream = batch::open_tokens(context.env, {.path = shards.string(), .tokenizer = path},
                                         batch::identity_of(tokenizer, path));
  Progress progress(shards.string(), options.tokens, [](uint64_t tokens) {
    return format_count(static_cast<int64_t>(tokens)) + " tokens";
  });
  batch::count_stream(counter, corpus, stream, options,
                      [&progress](uint64_t done) { progress.update(done); });
}

// The table of all domains together against general text. Returns what is said of it.
Json make_salience(const StageContext& context, const std::map<std::string, Counts>& domains) {
  const WriteOptions& options = context.config.write;
  const auto tokenizer = tokenizer::Tokenizer::load(context.env, options.tokenizer);
  const batch::SalienceOptions counted = {.tokens = static_cast<uint64_t>(options.salience_tokens)};
  batch::SalienceCounter counter(batch::MaskVocabulary::from(tokenizer), counted);
  for (const auto& [domain, counts] : domains) {
    count_shards(context, tokenizer, training_shards(context.config, domain),
                 batch::Corpus::kDomain, counted, counter);
  }
  if (options.general.empty()) {
    count_other_lines(context, tokenizer, counted.tokens, counter);
  } else {
    count_shards(context, tokenizer, options.general, batch::Corpus::kGeneral, counted, counter);
  }
  const batch::SalienceTable table = counter.finish(tokenizer.fingerprint());
  table.save(context.env, fs::path(context.config.run.directory) / "salience.json");
  return {{"domain_tokens", table.domain_tokens()},
          {"general_tokens", table.general_tokens()},
          {"brands", table.brands.size()}};
}

}  // namespace

void run_write(const StageContext& context) {
  const WriteOptions& options = context.config.write;
  StageFolder folder(context.env, context.directory("write"),
                     {{"tokenizer", options.tokenizer},
                      {"holdout", options.holdout},
                      {"general", options.general},
                      {"salience_tokens", options.salience_tokens},
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
  if (options.tokenizer.empty()) return;
  make_shards(context, files, domains);
  if (!folder.is_done("salience")) folder.finish("salience", make_salience(context, domains));
}

}  // namespace rexbert::curate
