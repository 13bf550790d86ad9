#include "rexbert/curate/config.h"

#include "rexbert/config/reference.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

void require_one_of(const std::string& value, const std::vector<std::string>& known,
                    const std::string& key, const auto& complain) {
  for (const std::string& name : known) {
    if (value == name) return;
  }
  complain(key, str_cat("expected one of ", str_join(known, ", "), ", got ", str_quote(value)));
}

}  // namespace

config::EnumNames<SourceFormat> names_of(SourceFormat) {
  return {{SourceFormat::kByExtension, "auto"}, {SourceFormat::kJsonLines, "jsonl"},
          {SourceFormat::kPlainText, "text"},   {SourceFormat::kTsv, "tsv"},
          {SourceFormat::kHtml, "html"},        {SourceFormat::kWet, "wet"},
          {SourceFormat::kWarc, "warc"},        {SourceFormat::kParquet, "parquet"}};
}

config::EnumNames<PageContent> names_of(PageContent) {
  return {{PageContent::kMainText, "main_text"}, {PageContent::kProducts, "products"}};
}

SourceOptions InputOptions::source() const {
  SourceOptions source;
  source.format = format;
  source.fields = fields_of(dataset);
  source.text_template = text_template;
  source.json_type = json_type;
  source.page_content = page_content;
  source.domain = domain;
  source.max_record_bytes = static_cast<uint64_t>(max_record_bytes);
  return source;
}

void describe(config::Schema<CurateOptions>& schema) {
  schema.field("directory", &CurateOptions::directory).doc("Where all outputs go.").required();
  schema.field("seed", &CurateOptions::seed).doc("Seed of all that is drawn.");
  schema.field("threads", &CurateOptions::threads)
      .doc(
          "Threads beside the one that reads and writes; 0: one for each core. Outputs do not "
          "depend on it.")
      .min(0)
      .max(4096);
}

void describe(config::Schema<InputOptions>& schema) {
  schema.field("paths", &InputOptions::paths)
      .doc("Files, folders, globs and http(s) URLs of files, plain or compressed by .gz or .zst.")
      .required();
  schema.field("format", &InputOptions::format).doc("Of the files; auto: by their names.");
  schema.field("dataset", &InputOptions::dataset)
      .doc("Whose names the fields have: default, finefineweb, fineweb or fineweb-edu.");
  schema.field("text_template", &InputOptions::text_template)
      .doc("Makes a product's text of its fields, as \"{title}\\n{brand} {offers.price}\".");
  schema.field("json_type", &InputOptions::json_type)
      .doc("Take the objects of this schema.org type from JSON lines.");
  schema.field("page_content", &InputOptions::page_content)
      .doc("What is taken of an HTML page: its main text, or the products in its JSON-LD.");
  schema.field("domain", &InputOptions::domain).doc("Domain of documents that name none.");
  schema.field("max_record_bytes", &InputOptions::max_record_bytes)
      .doc("A longer record is bad.")
      .bytes()
      .min(1024);
  schema.field("on_error", &InputOptions::on_error)
      .doc("What a broken record does: stop the stage, or be counted, located and skipped.");
  schema.check([](const InputOptions& input, const auto& complain) {
    require_one_of(input.on_error, {"stop", "skip"}, "on_error", complain);
    require_one_of(input.dataset, {"default", "finefineweb", "fineweb", "fineweb-edu"}, "dataset",
                   complain);
    if (input.paths.empty()) complain("paths", "expected at least one path");
  });
}

void describe(config::Schema<ProposalOptions>& schema) {
  schema.field("minimum_share", &ProposalOptions::minimum_share)
      .doc("E-commerce share of a domain's words from which on it is worth filtering.")
      .min(0)
      .max(1);
  schema.field("minimum_kept_words", &ProposalOptions::minimum_kept_words)
      .doc("E-commerce words that a domain must promise.")
      .min(0);
}

void describe(config::Schema<ExploreOptions>& schema) {
  schema.field("share", &ExploreOptions::share)
      .doc("Share of the documents that is looked at.")
      .above(0)
      .max(1);
  schema.field("proposal", &ExploreOptions::proposal).doc("Which domains are proposed.");
  schema.field("domains", &ExploreOptions::domains)
      .doc("The domains to curate; empty: those that are proposed.");
}

void describe(config::Schema<SampleOptions>& schema) {
  schema.field("per_domain", &SampleOptions::per_domain)
      .doc("Documents of each domain, in equal parts from its strata of length.")
      .min(1);
  schema.field("length_edges", &SampleOptions::length_edges)
      .doc("Lower edges of the strata in characters; empty: powers of two.");
}

void describe(config::Schema<WeakLabellerOptions>& schema) {
  schema.field("prior", &WeakLabellerOptions::prior)
      .doc("Expected e-commerce share of the lines.")
      .above(0)
      .max(1);
  schema.field("stay", &WeakLabellerOptions::stay)
      .doc("Probability that a line is of the kind of the line before it.")
      .min(0.5)
      .max(1);
  schema.field("threshold", &WeakLabellerOptions::threshold)
      .doc("Probability from which on a line is labelled e-commerce.")
      .above(0)
      .max(1);
}

void describe(config::Schema<OpenAiOptions>& schema) {
  schema.field("endpoint", &OpenAiOptions::endpoint)
      .doc("Base address, such as http://localhost:8000/v1; /chat/completions is added.")
      .required();
  schema.field("model", &OpenAiOptions::model).doc("The model's name there.").required();
  schema.field("api_key_variable", &OpenAiOptions::api_key_variable)
      .doc("Environment variable that holds the key; empty: no key is sent.");
  schema.field("system_prompt", &OpenAiOptions::system_prompt).doc("The first message.");
  schema.field("prompt", &OpenAiOptions::prompt)
      .doc("The question, with {context} and {lines}, and {url} if wanted.");
  schema.field("parameters", &OpenAiOptions::parameters)
      .doc("A JSON object merged into each request.");
  schema.field("lines_per_request", &OpenAiOptions::lines_per_request)
      .doc("Lines that one request asks about.")
      .min(1);
  schema.field("bytes_per_request", &OpenAiOptions::bytes_per_request)
      .doc("Bytes of lines in question in one request.")
      .min(1);
  schema.field("context_bytes", &OpenAiOptions::context_bytes)
      .doc("Bytes of further lines shown around them.");
  schema.field("completion_tokens_per_line", &OpenAiOptions::completion_tokens_per_line)
      .doc("Part of an answer's limit for each line.");
  schema.field("completion_tokens_per_answer", &OpenAiOptions::completion_tokens_per_answer)
      .doc("Part of an answer's limit for each answer; a model that thinks needs thousands.");
  schema.field("completion_limit_name", &OpenAiOptions::completion_limit_name)
      .doc("How a request names that limit: max_tokens, or max_completion_tokens.");
  schema.field("attempts", &OpenAiOptions::attempts)
      .doc("How often lines are asked about until the answer can be read.")
      .min(1);
  schema.field("workers", &OpenAiOptions::workers).doc("Requests in flight.").min(1).max(1024);
  schema.field("requests_per_minute", &OpenAiOptions::requests_per_minute)
      .doc("Evenly spaced; 0: no limit.")
      .min(0);
  schema.field("prompt_price", &OpenAiOptions::prompt_price)
      .doc("Of 1 million prompt tokens, in any currency.")
      .min(0);
  schema.field("completion_price", &OpenAiOptions::completion_price)
      .doc("Of 1 million tokens of answers.")
      .min(0);
  schema.field("token_budget", &OpenAiOptions::token_budget)
      .doc("Tokens that all requests may use, over all starts; 0: no limit.")
      .count();
  schema.field("money_budget", &OpenAiOptions::money_budget)
      .doc("Money that they may cost; 0: no limit.")
      .min(0);
}

config::EnumNames<LabellerKind> names_of(LabellerKind) {
  return {{LabellerKind::kNone, "none"},
          {LabellerKind::kWeak, "weak"},
          {LabellerKind::kOpenAi, "openai"},
          {LabellerKind::kFile, "file"}};
}

namespace {

// The fields of a labeller, for the stages that have one.
template <class Options>
void describe_labeller(config::Schema<Options>& schema) {
  schema.field("labeller", static_cast<LabellerKind Options::*>(&Options::kind))
      .doc(
          "weak (a lexicon, offline), openai (a model behind an OpenAI-compatible endpoint), file "
          "(labels from JSON lines), or none.");
  schema.field("file", static_cast<std::string Options::*>(&Options::file))
      .doc("JSON lines of {\"id\", \"line\", \"label\"} or {\"id\", \"labels\"}.")
      .only_when("where labeller is file",
                 [](const Options& options) { return options.kind == LabellerKind::kFile; });
  schema.field("weak", static_cast<WeakLabellerOptions Options::*>(&Options::weak))
      .doc("The weak labeller.");
  schema.field("openai", static_cast<OpenAiOptions Options::*>(&Options::openai))
      .doc("The endpoint, and how it is asked.")
      .only_when("where labeller is openai",
                 [](const Options& options) { return options.kind == LabellerKind::kOpenAi; });
}

}  // namespace

void describe(config::Schema<LabelOptions>& schema) {
  describe_labeller(schema);
  schema.field("lines_per_document", &LabelOptions::lines_per_document)
      .doc("Lines of a document that are labelled, from its beginning.")
      .min(1);
  schema.check([](const LabelOptions& options, const auto& complain) {
    if (options.kind == LabellerKind::kNone) complain("labeller", "expected one, got none");
  });
}

void describe(config::Schema<AuditOptions>& schema) {
  schema.field("confidence", &AuditOptions::confidence).doc("Of the intervals.").above(0).max(1);
  schema.field("resamples", &AuditOptions::resamples).doc("Of the bootstrap over documents.");
}

void describe(config::Schema<AuditStageOptions>& schema) {
  describe_labeller(schema);
  schema.field("share", &AuditStageOptions::share)
      .doc("Share of the labelled documents.")
      .above(0)
      .max(1);
  schema.field("minimum_kappa", &AuditStageOptions::minimum_kappa)
      .doc("Cohen's kappa below which the run stops.")
      .min(-1)
      .max(1);
  schema.field("agreement", &AuditStageOptions::agreement).doc("How agreement is measured.");
}

void describe(config::Schema<FastTextOptions>& schema) {
  schema.field("dimension", &FastTextOptions::dimension).doc("Of the word vectors.").min(1);
  schema.field("epochs", &FastTextOptions::epochs).doc("Passes over the labelled lines.").min(1);
  schema.field("learning_rate", &FastTextOptions::learning_rate)
      .doc("Falling to 0 over the passes.")
      .above(0);
  schema.field("word_ngrams", &FastTextOptions::word_ngrams)
      .doc("Runs of up to so many words have a vector of their own.")
      .min(1)
      .max(5);
  schema.field("buckets", &FastTextOptions::buckets)
      .doc("Vectors that runs of words share by their hash.")
      .cost("4 bytes x dimension each before quantization, and the time of quantization")
      .min(1);
  schema.field("minimum_count", &FastTextOptions::minimum_count)
      .doc("Labelled lines that must hold a word for it to be learnt.")
      .min(1);
  schema.field("quantize", &FastTextOptions::quantize).doc("Product quantization.");
  schema.field("most_bytes", &FastTextOptions::most_bytes)
      .doc("A larger model is an error.")
      .bytes();
}

void describe(config::Schema<EncoderOptions>& schema) {
  schema.field("checkpoint", &EncoderOptions::checkpoint)
      .doc("Checkpoint folder of an encoder.")
      .required();
  schema.field("device", &EncoderOptions::device).doc("cpu or cuda.");
  schema.field("precision", &EncoderOptions::precision)
      .doc("What activations are computed in: f32 or bf16.");
  schema.field("context_length", &EncoderOptions::context_length)
      .doc(
          "Tokens of a document that see each other, in whole lines; 0: what the encoder was "
          "trained on.")
      .min(0);
  schema.field("micro_tokens", &EncoderOptions::micro_tokens)
      .doc("Tokens computed at once.")
      .cost("activation memory grows with it")
      .min(1);
  schema.field("epochs", &EncoderOptions::epochs)
      .doc("Passes of the head over the labelled lines.")
      .min(1);
  schema.field("batch_lines", &EncoderOptions::batch_lines)
      .doc("Lines in an update of the head.")
      .min(1);
  schema.field("learning_rate", &EncoderOptions::learning_rate)
      .doc("Of the head, falling to 0.")
      .above(0);
  schema.check([](const EncoderOptions& options, const auto& complain) {
    require_one_of(options.device, {"cpu", "cuda"}, "device", complain);
    require_one_of(options.precision, {"f32", "bf16"}, "precision", complain);
  });
}

config::EnumNames<ClassifierKind> names_of(ClassifierKind) {
  return {{ClassifierKind::kFastText, "fasttext"}, {ClassifierKind::kEncoder, "encoder"}};
}

void describe(config::Schema<ClassifierStageOptions>& schema) {
  using Options = ClassifierStageOptions;
  schema.field("kind", &Options::kind)
      .doc("fasttext, or encoder: a head on an encoder of one's own.");
  schema.field("fasttext", &Options::fasttext)
      .doc("The bag of words.")
      .only_when("where kind is fasttext",
                 [](const Options& options) { return options.kind == ClassifierKind::kFastText; });
  schema.field("encoder", &Options::encoder)
      .doc("The encoder, and how its head is learnt.")
      .only_when("where kind is encoder",
                 [](const Options& options) { return options.kind == ClassifierKind::kEncoder; });
  schema.field("held_out", static_cast<double Options::*>(&Options::held_out))
      .doc("Share of the labelled documents kept out of training to choose the threshold.")
      .above(0)
      .max(0.9);
  schema.field("precision", static_cast<double Options::*>(&Options::precision))
      .doc("Of held-out lines, that the threshold is chosen for.")
      .above(0)
      .max(1);
  schema.field("min_labels", static_cast<int64_t Options::*>(&Options::min_labels))
      .doc("Labelled lines of each kind that a domain needs.")
      .min(1);
}

void describe(config::Schema<LineFilterOptions>& schema) {
  schema.field("stay", &LineFilterOptions::stay)
      .doc("Probability that a line is of the kind of the line before it.")
      .min(0.5)
      .max(0.999999);
  schema.field("min_run", &LineFilterOptions::min_run)
      .doc("Runs of fewer kept lines are dropped.")
      .min(1);
  schema.field("bridge", &LineFilterOptions::bridge)
      .doc("Up to so many lines between two kept runs are kept.")
      .min(0);
  schema.field("min_share", &LineFilterOptions::min_share)
      .doc("A document that keeps a smaller share of its bytes is dropped.")
      .min(0)
      .max(1);
  schema.field("min_bytes", &LineFilterOptions::min_bytes)
      .doc("A document that keeps fewer bytes is dropped.")
      .min(0);
}

void describe(config::Schema<DedupOptions>& schema) {
  schema.field("shingle_words", &DedupOptions::shingle_words).doc("Words of a shingle.").min(1);
  schema.field("bands", &DedupOptions::bands).doc("Bands; 0: exact duplicates only.").min(0);
  schema.field("rows", &DedupOptions::rows).doc("MinHash values in a band.").min(1);
  schema.field("similarity", &DedupOptions::similarity)
      .doc("Jaccard similarity of shingles from which on documents are duplicates.")
      .above(0)
      .max(1);
  schema.field("bucket_window", &DedupOptions::bucket_window)
      .doc("Documents of one band's bucket that each is compared with.")
      .min(1);
  schema.field("partitions", &DedupOptions::partitions)
      .doc("Files that keys are spilled to.")
      .min(1);
}

void describe(config::Schema<DedupStageOptions>& schema) {
  schema.field("enabled", &DedupStageOptions::enabled).doc("Whether duplicates are dropped.");
  schema.field("near", &DedupStageOptions::near).doc("What duplicates are.");
}

config::EnumNames<EvaluationFormat> names_of(EvaluationFormat) {
  return {{EvaluationFormat::kByExtension, "auto"},
          {EvaluationFormat::kJsonLines, "jsonl"},
          {EvaluationFormat::kTsv, "tsv"},
          {EvaluationFormat::kPlainText, "text"}};
}

void describe(config::Schema<EvaluationFile>& schema) {
  schema.field("path", &EvaluationFile::path).doc("The file.").required();
  schema.field("format", &EvaluationFile::format).doc("auto: by its name.");
  schema.field("fields", &EvaluationFile::fields)
      .doc("Members or columns that hold its texts; empty: text, or all columns.");
  schema.field("header", &EvaluationFile::header).doc("Whether a TSV's first line names columns.");
}

void describe(config::Schema<DecontaminateOptions>& schema) {
  schema.field("ngram_words", &DecontaminateOptions::ngram_words)
      .doc("Words in a row that make a hit.")
      .min(2);
  schema.field("min_words", &DecontaminateOptions::min_words)
      .doc("Shorter texts of at least so many words count as a whole; 0: never.")
      .min(0);
}

void describe(config::Schema<DecontaminateStageOptions>& schema) {
  schema.field("evaluation", &DecontaminateStageOptions::evaluation)
      .doc("Files of evaluation data, by names of your choice; none: nothing is dropped.");
  schema.field("overlap", &DecontaminateStageOptions::overlap).doc("What a hit is.");
}

void describe(config::Schema<WriteOptions>& schema) {
  schema.field("tokenizer", &WriteOptions::tokenizer)
      .doc(
          "Folder of the tokenizer that shards and salience table are made with; empty: text "
          "only.");
  schema.field("holdout", &WriteOptions::holdout)
      .doc("Share of each domain's documents kept out of training.")
      .min(0)
      .max(0.5);
  schema.field("general", &WriteOptions::general)
      .doc(
          "Shards of general text by the same tokenizer, that the salience table compares the "
          "corpus with; empty: the unfiltered documents of the sample.");
  schema.field("salience_tokens", &WriteOptions::salience_tokens)
      .doc("Tokens of each domain, and of general text, that the table is counted on; 0: all.")
      .count();
}

void describe(config::Schema<CurateConfig>& schema) {
  schema.field("run", &CurateConfig::run).doc("Where and how.").required();
  schema.field("input", &CurateConfig::input).doc("The documents.").required();
  schema.field("explore", &CurateConfig::explore).doc("Which domains are worth it.");
  schema.field("sample", &CurateConfig::sample).doc("The documents that are labelled.");
  schema.field("label", &CurateConfig::label).doc("Who labels their lines.");
  schema.field("audit", &CurateConfig::audit).doc("Who checks the labels.");
  schema.field("classifier", &CurateConfig::classifier).doc("What learns them.");
  schema.field("filter", &CurateConfig::filter).doc("Which lines and documents stay.");
  schema.field("dedup", &CurateConfig::dedup).doc("Duplicates.");
  schema.field("decontaminate", &CurateConfig::decontaminate).doc("Evaluation data.");
  schema.field("write", &CurateConfig::write).doc("What comes out.");
}

CurateConfig load_curate_config(Env& env, const fs::path& path,
                                const std::vector<std::string>& overrides) {
  config::Reader reader;
  return config::read_struct<CurateConfig>(config::load_config(env, path, overrides), reader);
}

std::string to_yaml(const CurateConfig& config) {
  return config::to_yaml(config::schema_of<CurateConfig>().write(config, nullptr, ""), false);
}

std::string curate_configuration_reference() {
  return config::reference_page(
      "# Configuration of `rexbert curate`\n\nEvery key of a curation config, generated by "
      "`rexbert curate docs`. Files are read as those of training ([configuration.md]"
      "(configuration.md)): strictly, with `include:`, `${NAME}` and `--set`.\n",
      config::schema_of<CurateConfig>().document());
}

}  // namespace rexbert::curate
