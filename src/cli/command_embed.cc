#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/encoder_flags.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/infer/embed_file.h"

namespace rexbert::cli {
namespace {

struct Options : EncoderFlags {
  std::string input, output;
  std::string format, output_format;
  std::string pooling = "mean";
  std::string batch_tokens = "4096";
  infer::EmbedderOptions embedder;
  infer::EmbedFileOptions file;
  bool json = false;
};

void print_report(const Options& options, const infer::EmbedderOptions& used,
                  const infer::EmbedReport& report) {
  const auto per_second = [&](int64_t count) {
    return report.seconds > 0 ? static_cast<double>(count) / report.seconds : 0;
  };
  const char* const precision = used.encoder.precision == nn::Precision::kBf16 ? "bf16" : "f32";
  if (options.json) {
    const Json json = {{"texts", report.texts},
                       {"tokens", report.tokens},
                       {"truncated", report.truncated},
                       {"seconds", report.seconds},
                       {"texts_per_second", per_second(report.texts)},
                       {"tokens_per_second", per_second(report.tokens)},
                       {"dimensions", used.dimensions},
                       {"context_length", used.encoder.context_length},
                       {"device", used.encoder.device},
                       {"precision", precision},
                       {"threads", at::get_num_threads()}};
    std::printf("%s\n", json.dump().c_str());
    return;
  }
  const auto line = [](const char* label, const std::string& text) {
    std::printf("%-16s%s\n", label, text.c_str());
  };
  line("texts", format_count(report.texts));
  line("tokens", format_count(report.tokens));
  line("truncated", format_count(report.truncated));
  line("encoding", str_printf("%.3f s: %.1f texts/s, %.0f tokens/s, %s on %s", report.seconds,
                              per_second(report.texts), per_second(report.tokens), precision,
                              used.encoder.device.c_str()));
  line("written to", str_cat(options.output, ": [", report.texts, ", ", used.dimensions, "]"));
}

void run_embed(Options options) {
  using infer::VectorFormat;
  options.embedder.encoder = options.apply();
  const auto batch_tokens = parse_count(options.batch_tokens);
  if (!batch_tokens || *batch_tokens < 1) {
    throw Error(ErrorCode::kUsage, "--batch-tokens: expected a count such as 16k, got " +
                                       str_quote(options.batch_tokens));
  }
  options.embedder.encoder.micro_tokens = *batch_tokens;
  options.embedder.pooling =
      options.pooling == "cls" ? infer::Pooling::kCls : infer::Pooling::kMean;
  if (!options.format.empty()) {
    options.file.read.format =
        options.format == "jsonl" ? text::FileFormat::kJsonLines : text::FileFormat::kPlainText;
  }
  if (!options.output_format.empty()) {
    options.file.format = infer::vector_format_of("vectors." + options.output_format);
  }
  Env& env = Env::posix();
  const infer::Embedder embedder(env, options.folder(), options.embedder);
  const infer::EmbedReport report =
      infer::embed_file(env, embedder, options.input, options.output, options.file);
  print_report(options, embedder.options(), report);
}

}  // namespace

void add_embed_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("embed", "Turn texts into vectors: a row for each text of a file");
  command->add_option("input", options->input, "JSON lines or plain lines; -: standard input")
      ->required();
  command->add_option("--output", options->output, "File to write: .npy, .jsonl or .safetensors")
      ->required();
  options->add_to(*command);
  command->add_option("--format", options->format, "Of the input, where its name does not say it")
      ->check(CLI::IsMember({"jsonl", "text"}));
  command
      ->add_option("--text-field", options->file.read.text_field,
                   "Member of the JSON objects that is the text")
      ->capture_default_str();
  command
      ->add_option("--id-field", options->file.read.id_field,
                   "Member that names the text in .jsonl output")
      ->capture_default_str();
  command
      ->add_option("--output-format", options->output_format,
                   "Of the output, where its name does not say it")
      ->check(CLI::IsMember({"npy", "jsonl", "safetensors"}));
  command
      ->add_option("--pooling", options->pooling, "The mean of all tokens, or the state of [CLS]")
      ->check(CLI::IsMember({"mean", "cls"}))
      ->capture_default_str();
  command->add_flag("--normalize", options->embedder.normalize, "Give vectors the length 1");
  command
      ->add_option("--dimensions", options->embedder.dimensions,
                   "Keep the first so many numbers of each vector (Matryoshka); 0: all")
      ->capture_default_str();
  command
      ->add_option("--batch-tokens", options->batch_tokens,
                   "Tokens computed at once, texts end to end")
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print counts and rates as JSON");
  command->callback([options] { run_embed(*options); });
  command->footer(
      "Example: rexbert embed titles.jsonl --text-field title --output titles.npy "
      "--checkpoint rexbert-base --normalize");
}

}  // namespace rexbert::cli
