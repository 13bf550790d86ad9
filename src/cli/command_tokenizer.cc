#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/text/input_files.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/tokenizer/train.h"

namespace rexbert::cli {
namespace {

using tokenizer::Tokenizer;

struct TrainArguments {
  tokenizer::TrainOptions options;
  std::vector<std::string> inputs;
  std::string output;
  std::string model = "unigram";
  std::string normalization = "identity";
  std::string on_error = "stop";
  std::string vocabulary_size = "50368";
  std::string max_sentences = "2M";
  std::string max_bytes = "128MiB";
};

int64_t parse_number(const std::string& option, const std::string& text,
                     std::optional<int64_t> (*parse)(std::string_view)) {
  const std::optional<int64_t> value = parse(text);
  if (!value) {
    throw Error(ErrorCode::kUsage, str_cat(option, ": expected a number, got ", str_quote(text)));
  }
  return *value;
}

void run_train(TrainArguments arguments) {
  tokenizer::TrainOptions& options = arguments.options;
  options.model = tokenizer::parse_model_type(arguments.model);
  options.normalization = tokenizer::parse_normalization(arguments.normalization);
  options.on_error = text::parse_on_error(arguments.on_error);
  options.vocabulary_size =
      parse_number("--vocabulary-size", arguments.vocabulary_size, parse_count);
  options.max_sentences = parse_number("--max-sentences", arguments.max_sentences, parse_count);
  options.max_bytes = parse_number("--max-bytes", arguments.max_bytes, parse_bytes);
  Env& env = Env::posix();
  const tokenizer::TrainReport report =
      tokenizer::train(env, options, text::expand_inputs(env, arguments.inputs), arguments.output);
  std::printf("tokenizer    %s\n", arguments.output.c_str());
  std::printf("documents    %s (%llu empty, %llu bad)\n",
              format_count(static_cast<int64_t>(report.read.documents)).c_str(),
              static_cast<unsigned long long>(report.read.empty),
              static_cast<unsigned long long>(report.read.bad));
  std::printf("trained on   %s of %s sentences, %s\n", format_count(report.sentences_used).c_str(),
              format_count(report.sentences_seen).c_str(),
              format_bytes(static_cast<uint64_t>(report.bytes_used)).c_str());
  std::printf("pieces       %s, and %s unused\n", format_count(report.trained_pieces).c_str(),
              format_count(report.unused_pieces).c_str());
  std::printf("fingerprint  %s\n", report.fingerprint.c_str());
}

void add_train(CLI::App& parent) {
  const auto arguments = std::make_shared<TrainArguments>();
  tokenizer::TrainOptions& options = arguments->options;
  CLI::App& command = *parent.add_subcommand("train", "Train a tokenizer on documents");
  command.add_option("--input", arguments->inputs, "Files, directories or globs")->required();
  command.add_option("--output", arguments->output, "Tokenizer folder to make")->required();
  command
      .add_option("--vocabulary-size", arguments->vocabulary_size,
                  "Ids, rounded up to a multiple of 64")
      ->capture_default_str();
  command.add_option("--model", arguments->model, "unigram or bpe")->capture_default_str();
  command.add_option("--normalization", arguments->normalization, "identity or nfkc")
      ->capture_default_str();
  command.add_flag("--byte-fallback,!--no-byte-fallback", options.byte_fallback,
                   "Bytes for rare characters (default) or [UNK]");
  command.add_flag("--split-digits", options.split_digits, "Each digit is a piece");
  command.add_flag("--dummy-prefix,!--no-dummy-prefix", options.add_dummy_prefix,
                   "A space before the text (default)");
  command.add_flag("--remove-extra-whitespaces", options.remove_extra_whitespaces,
                   "Trim spaces and fold runs of them");
  command.add_flag("--split-by-whitespace,!--no-split-by-whitespace", options.split_by_whitespace,
                   "No piece crosses a space (default)");
  command.add_flag("--whitespace-runs", options.whitespace_runs, "Runs of spaces may be pieces");
  command
      .add_option("--character-coverage", options.character_coverage,
                  "Share of characters with a piece of their own")
      ->capture_default_str();
  command.add_option("--max-piece-length", options.max_piece_length, "In characters")
      ->capture_default_str();
  command.add_option("--max-sentences", arguments->max_sentences, "Sentences to train on")
      ->capture_default_str();
  command.add_option("--max-bytes", arguments->max_bytes, "Bytes to train on")
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Of the sample of sentences")->capture_default_str();
  command.add_option("--threads", options.threads, "Part of what decides the model's bytes")
      ->capture_default_str();
  command.add_option("--text-field", options.read.text_field, "Member of the JSON objects")
      ->capture_default_str();
  command.add_option("--on-error", arguments->on_error, "A bad line: stop or skip")
      ->capture_default_str();
  command.callback([arguments] { run_train(*arguments); });
}

void run_info(const std::string& folder) {
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), folder);
  int32_t unused = 0;
  int32_t bytes = 0;
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    unused += tokenizer.is_unused(id) ? 1 : 0;
    bytes += tokenizer.is_byte(id) ? 1 : 0;
  }
  std::printf("vocabulary   %d (%d special, %d bytes, %d unused)\n", tokenizer.vocabulary_size(),
              tokenizer::kSpecialCount, bytes, unused);
  std::printf("fingerprint  %s\n", tokenizer.fingerprint().c_str());
  std::printf("options      %s\n", tokenizer.options_json().c_str());
}

void run_encode(const std::string& folder, const std::string& text, bool pieces) {
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), folder);
  for (const int32_t id : tokenizer.encode(text)) {
    if (pieces) {
      std::printf("%d\t%s\n", id, std::string(tokenizer.piece(id)).c_str());
    } else {
      std::printf("%d\n", id);
    }
  }
}

void run_decode(const std::string& folder, const std::vector<int32_t>& ids) {
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), folder);
  std::printf("%s\n", tokenizer.decode(ids).c_str());
}

}  // namespace

void add_tokenizer_command(CLI::App& app) {
  CLI::App& command = *app.add_subcommand("tokenizer", "Train and try tokenizers");
  command.require_subcommand(1);
  add_train(command);

  const auto folder = std::make_shared<std::string>();
  const auto text = std::make_shared<std::string>();
  const auto pieces = std::make_shared<bool>(false);
  const auto ids = std::make_shared<std::vector<int32_t>>();

  CLI::App& info = *command.add_subcommand("info", "Say what a tokenizer folder holds");
  info.add_option("folder", *folder, "Tokenizer folder")->required();
  info.callback([folder] { run_info(*folder); });

  CLI::App& encode = *command.add_subcommand("encode", "Print the ids of a text, one a line");
  encode.add_option("folder", *folder, "Tokenizer folder")->required();
  encode.add_option("text", *text, "Text")->required();
  encode.add_flag("--pieces", *pieces, "Print the pieces too");
  encode.callback([folder, text, pieces] { run_encode(*folder, *text, *pieces); });

  CLI::App& decode = *command.add_subcommand("decode", "Print the text of ids");
  decode.add_option("folder", *folder, "Tokenizer folder")->required();
  decode.add_option("ids", *ids, "Token ids")->required();
  decode.callback([folder, ids] { run_decode(*folder, *ids); });
}

}  // namespace rexbert::cli
