#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/corpus/tokenize.h"

namespace rexbert::cli {
namespace {

struct Arguments {
  corpus::TokenizeOptions options;
  std::string holdout, part, hashes = "sha1", shard_size = "64MiB", on_error = "stop",
                             unit = "line";
  std::string format = "auto";
  uint64_t seed = 17;
  std::vector<std::string> merge_outputs;
};

text::FileFormat parse_format(const std::string& name) {
  if (name == "jsonl") return text::FileFormat::kJsonLines;
  if (name == "text") return text::FileFormat::kPlainText;
  return text::FileFormat::kByExtension;
}

text::PlainTextUnit parse_unit(const std::string& name) {
  if (name == "paragraph") return text::PlainTextUnit::kParagraph;
  if (name == "file") return text::PlainTextUnit::kFile;
  return text::PlainTextUnit::kLine;
}

void print_streams(const std::vector<corpus::StreamReport>& streams) {
  for (const corpus::StreamReport& stream : streams) {
    std::printf("%s: %s documents, %s tokens, %s shard%s, %s\n", stream.directory.c_str(),
                format_count(static_cast<int64_t>(stream.documents)).c_str(),
                format_count(static_cast<int64_t>(stream.tokens)).c_str(),
                format_count(static_cast<int64_t>(stream.shards)).c_str(),
                stream.shards == 1 ? "" : "s", format_bytes(stream.stored_bytes).c_str());
  }
}

void run_tokenize(Arguments arguments) {
  corpus::TokenizeOptions& options = arguments.options;
  if (!arguments.holdout.empty()) options.holdout = corpus::parse_holdout(arguments.holdout);
  options.holdout.seed = arguments.seed;
  if (!arguments.part.empty()) options.part = corpus::parse_part(arguments.part);
  options.on_error = text::parse_on_error(arguments.on_error);
  options.read.format = parse_format(arguments.format);
  options.read.plain_text_unit = parse_unit(arguments.unit);
  options.hashes.clear();
  if (!arguments.hashes.empty()) options.hashes = str_split(arguments.hashes, ',');
  std::sort(options.hashes.begin(), options.hashes.end());
  if (options.compression == "none") options.compression.clear();
  const auto shard_bytes = parse_bytes(arguments.shard_size);
  if (!shard_bytes || *shard_bytes <= 0) {
    throw Error(ErrorCode::kUsage, str_cat("--shard-size: expected a size such as 64MiB, got ",
                                           str_quote(arguments.shard_size)));
  }
  options.shard_bytes = static_cast<uint64_t>(*shard_bytes);

  const corpus::TokenizeReport report = corpus::tokenize(Env::posix(), options);
  if (report.already_finished) {
    std::printf("%s: already finished, nothing to do\n", options.output.c_str());
  }
  print_streams(report.streams);
  if (report.read.empty > 0) {
    std::printf("%s empty documents left out\n",
                format_count(static_cast<int64_t>(report.read.empty)).c_str());
  }
  if (report.read.bad > 0) {
    std::printf("%s bad lines skipped, listed in %s\n",
                format_count(static_cast<int64_t>(report.read.bad)).c_str(),
                report.bad_lines_file.c_str());
  }
}

void run_merge(const std::vector<std::string>& outputs) {
  for (const std::string& output : outputs) {
    const corpus::MergeReport report = corpus::merge_parts(Env::posix(), output);
    std::printf("%s: %s parts merged\n", output.c_str(), format_count(report.parts).c_str());
    print_streams(report.streams);
  }
}

void add_input_options(CLI::App& command, Arguments& arguments) {
  corpus::TokenizeOptions& options = arguments.options;
  command.add_option("inputs", options.inputs,
                     "Files, folders or globs: .jsonl, .json, .txt, also .zst or .gz behind it");
  command.add_option("-t,--tokenizer", options.tokenizer, "Tokenizer folder");
  command.add_option("-o,--output", options.output, "Folder for the shards");
  command.add_option("--format", arguments.format, "Of all inputs")
      ->check(CLI::IsMember({"auto", "jsonl", "text"}))
      ->capture_default_str();
  command
      .add_option("--text-field", options.read.text_field, "JSON member that holds the document")
      ->capture_default_str();
  command.add_option("--id-field", options.read.id_field, "JSON member that names the document")
      ->capture_default_str();
  command.add_option("--unit", arguments.unit, "What a document of plain text is")
      ->check(CLI::IsMember({"line", "paragraph", "file"}))
      ->capture_default_str();
  command
      .add_option("--on-error", arguments.on_error,
                  "At a bad line: stop, or skip (and list it in bad_lines.jsonl)")
      ->check(CLI::IsMember({"stop", "skip"}))
      ->capture_default_str();
}

void add_output_options(CLI::App& command, Arguments& arguments) {
  corpus::TokenizeOptions& options = arguments.options;
  command.add_option(
      "--holdout", arguments.holdout,
      "Documents for OUTPUT/validation: a share (0.02, 2%), a count (500), or a share "
      "and the least count (2%,2)");
  command.add_option("--seed", arguments.seed, "Seed of the holdout")->capture_default_str();
  command.add_option("--part", arguments.part,
                     "i/n: this job does part i of n; merge them with rexbert tokenize merge");
  command.add_option("--threads", options.threads, "0: one for each core")->capture_default_str();
  command.add_option("--shard-size", arguments.shard_size, "Largest raw shard")
      ->capture_default_str();
  command.add_option("--compression", options.compression,
                     "zstd, gz, bz2, br or snappy, with :level; default none");
  command.add_option("--hashes", arguments.hashes, "Of shard files, with commas; empty: none")
      ->capture_default_str();
}

}  // namespace

void add_tokenize_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("tokenize", "Turn documents into token shards");
  const auto arguments = std::make_shared<Arguments>();
  add_input_options(*command, *arguments);
  add_output_options(*command, *arguments);
  CLI::App* merge =
      command->add_subcommand("merge", "Write the index over the parts that --part i/n made");
  merge->footer("Example: rexbert tokenize merge shards/general");
  merge->add_option("outputs", arguments->merge_outputs, "Output folders of finished parts")
      ->required();
  merge->callback([arguments] { run_merge(arguments->merge_outputs); });
  command->callback([command, arguments] {
    if (!command->get_subcommands().empty()) return;
    for (const char* name : {"inputs", "--tokenizer", "--output"}) {
      if (command->count(name) == 0) throw CLI::RequiredError(name);
    }
    run_tokenize(*arguments);
  });
}

}  // namespace rexbert::cli
