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
  command.footer(
      "Example: rexbert tokenizer train --input text --output tokenizer --vocabulary-size 50368");
  command.callback([arguments] { run_train(*arguments); });
}

struct EncodeArguments {
  std::string folder;
  std::vector<std::string> texts;
  std::vector<std::string> inputs;
  bool pieces = false;
};

void run_info(const std::string& folder) {
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), folder);
  int32_t special = 0;
  int32_t unused = 0;
  int32_t bytes = 0;
  for (int32_t id = 0; id < tokenizer.vocabulary_size(); ++id) {
    special += tokenizer.is_special(id) ? 1 : 0;
    unused += tokenizer.is_unused(id) ? 1 : 0;
    bytes += tokenizer.is_byte(id) ? 1 : 0;
  }
  std::printf("vocabulary   %d (%d special, %d bytes, %d unused)\n", tokenizer.vocabulary_size(),
              special, bytes, unused);
  std::printf("fingerprint  %s\n", tokenizer.fingerprint().c_str());
  std::printf("options      %s\n", tokenizer.options_json().c_str());
}

void print_ids(const Tokenizer& tokenizer, std::string_view text, bool pieces) {
  std::string line;
  for (const int32_t id : tokenizer.encode(text)) {
    if (!line.empty()) line += ' ';
    line += pieces ? std::string(tokenizer.piece(id)) : std::to_string(id);
  }
  std::printf("%s\n", line.c_str());
}

void run_encode(const EncodeArguments& arguments) {
  if (arguments.texts.empty() == arguments.inputs.empty()) {
    throw Error(ErrorCode::kUsage, "tokenizer encode: expected texts or --input, one of the two");
  }
  Env& env = Env::posix();
  const Tokenizer tokenizer = Tokenizer::load(env, arguments.folder);
  for (const std::string& text : arguments.texts) print_ids(tokenizer, text, arguments.pieces);
  if (arguments.inputs.empty()) return;
  const auto stop = text::make_bad_line_handler(text::OnError::kStop);
  for (const fs::path& file : text::expand_inputs(env, arguments.inputs)) {
    text::DocumentReader reader(env, file, 0, {}, stop);
    text::Document document;
    while (reader.next(document)) print_ids(tokenizer, document.text, arguments.pieces);
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
  const auto ids = std::make_shared<std::vector<int32_t>>();
  const auto encoding = std::make_shared<EncodeArguments>();

  CLI::App& info = *command.add_subcommand("info", "Say what a tokenizer folder holds");
  info.add_option("folder", *folder, "Tokenizer folder")->required();
  info.footer("Example: rexbert tokenizer info tokenizer");
  info.callback([folder] { run_info(*folder); });

  CLI::App& encode = *command.add_subcommand("encode", "Print the ids of texts, a line a text");
  encode.footer("Example: rexbert tokenizer encode tokenizer \"A pair of running shoes\" --pieces");
  encode.add_option("folder", encoding->folder, "Tokenizer folder")->required();
  encode.add_option("text", encoding->texts, "Texts");
  encode.add_option("--input", encoding->inputs, "Files, directories or globs of documents");
  encode.add_flag("--pieces", encoding->pieces, "Print pieces instead of ids");
  encode.callback([encoding] { run_encode(*encoding); });

  CLI::App& decode = *command.add_subcommand("decode", "Print the text of ids");
  decode.footer("Example: rexbert tokenizer decode tokenizer 17 3021 5");
  decode.add_option("folder", *folder, "Tokenizer folder")->required();
  decode.add_option("ids", *ids, "Token ids")->required();
  decode.callback([folder, ids] { run_decode(*folder, *ids); });
}

}  // namespace rexbert::cli
