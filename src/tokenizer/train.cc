#include "rexbert/tokenizer/train.h"

#include <sentencepiece_trainer.h>

#include <array>
#include <set>
#include <unordered_map>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "tokenizer/folder.h"
#include "tokenizer/log_capture.h"
#include "tokenizer/model_proto.h"
#include "tokenizer/sentence_sample.h"

namespace rexbert::tokenizer {
namespace {

constexpr int64_t kVocabularyMultiple = 64;
constexpr int64_t kPrintableAscii = '~' - '!' + 1;

using TrainerArguments = std::unordered_map<std::string, std::string>;

// Hands sentences to SentencePiece, which copies them, and frees each behind it.
class Sentences final : public sentencepiece::SentenceIterator {
 public:
  explicit Sentences(std::vector<std::string> sentences) : sentences_(std::move(sentences)) {}
  bool done() const override { return at_ == sentences_.size(); }
  void Next() override { std::string().swap(sentences_[at_++]); }
  const std::string& value() const override { return sentences_[at_]; }
  sentencepiece::util::Status status() const override { return {}; }

 private:
  std::vector<std::string> sentences_;
  size_t at_ = 0;
};

template <class Value>
void check_range(const char* name, Value value, Value lowest, Value highest) {
  if (value >= lowest && value <= highest) return;
  throw Error(ErrorCode::kUsage, str_cat("tokenizer training: ", name, ": expected ", lowest,
                                         " to ", highest, ", got ", value));
}

void check_options(const TrainOptions& options) {
  // Special tokens, bytes, the space and printable ASCII always have ids.
  const int64_t always = kSpecialCount + (options.byte_fallback ? 256 : 0) + 1 + kPrintableAscii;
  check_range<int64_t>("vocabulary_size", options.vocabulary_size, always + 1, 10'000'000);
  check_range("character_coverage", options.character_coverage, 0.98, 1.0);
  check_range("max_piece_length", options.max_piece_length, 1, 512);
  check_range<int64_t>("max_sentences", options.max_sentences, 1, int64_t{1} << 40);
  check_range<int64_t>("max_bytes", options.max_bytes, 1, int64_t{1} << 40);
  check_range<int64_t>("max_sentence_bytes", options.max_sentence_bytes, 16, int64_t{1} << 30);
  check_range("threads", options.threads, 1, 1024);
}

std::string printable_ascii() {
  std::string characters;
  for (char c = '!'; c <= '~'; ++c) characters.push_back(c);
  return characters;
}

TrainerArguments trainer_arguments(const TrainOptions& options) {
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  const auto special = [](int32_t id) { return std::string(kSpecialPieces[id]); };
  return {
      {"model_type", std::string(to_string(options.model))},
      {"vocab_size", std::to_string(options.vocabulary_size)},
      // Less text than pieces gives fewer pieces; we fill up with unused ones.
      {"hard_vocab_limit", "false"},
      {"byte_fallback", flag(options.byte_fallback)},
      {"normalization_rule_name", std::string(to_string(options.normalization))},
      {"split_digits", flag(options.split_digits)},
      {"add_dummy_prefix", flag(options.add_dummy_prefix)},
      {"remove_extra_whitespaces", flag(options.remove_extra_whitespaces)},
      {"split_by_whitespace", flag(options.split_by_whitespace)},
      {"allow_whitespace_only_pieces", flag(options.whitespace_runs)},
      {"character_coverage", str_cat(options.character_coverage)},
      // BPE's trainer aborts on a required character that the text lacks.
      {"required_chars", options.model == ModelType::kUnigram ? printable_ascii() : ""},
      {"max_sentencepiece_length", std::to_string(options.max_piece_length)},
      {"max_sentence_length", std::to_string(options.max_sentence_bytes)},
      {"input_sentence_size", "0"},
      {"num_threads", std::to_string(options.threads)},
      {"pad_id", std::to_string(kPadId)},
      {"unk_id", std::to_string(kUnknownId)},
      {"bos_id", std::to_string(kClsId)},
      {"eos_id", std::to_string(kSepId)},
      {"pad_piece", special(kPadId)},
      {"unk_piece", special(kUnknownId)},
      {"bos_piece", special(kClsId)},
      {"eos_piece", special(kSepId)},
      {"control_symbols", special(kMaskId)},  // takes the next free id, which is kMaskId
      // BPE's progress message reads the best of its candidate pairs even when there is none left.
      {"minloglevel", options.model == ModelType::kBpe ? "1" : "0"},
  };
}

std::vector<std::string> read_sentences(Env& env, const TrainOptions& options,
                                        const std::vector<fs::path>& inputs, TrainReport& report) {
  SentenceSample sample(options.max_sentences, options.max_bytes, options.seed);
  const text::OnBadLine on_bad_line = text::make_bad_line_handler(options.on_error);
  for (size_t i = 0; i < inputs.size(); ++i) {
    text::DocumentReader reader(env, inputs[i], static_cast<uint32_t>(i), options.read,
                                on_bad_line);
    text::Document document;
    while (reader.next(document)) {
      cut_sentences(document.text, static_cast<size_t>(options.max_sentence_bytes),
                    [&sample](std::string_view sentence) { sample.add(sentence); });
    }
    report.read += reader.counts();
  }
  report.sentences_seen = sample.seen();
  report.bytes_used = sample.bytes();
  std::vector<std::string> sentences = sample.finish();
  report.sentences_used = static_cast<int64_t>(sentences.size());
  if (sentences.empty()) {
    throw Error(ErrorCode::kCorrupt, str_cat("tokenizer training: no text in ", inputs.size(),
                                             " input file", inputs.size() == 1 ? "" : "s"));
  }
  return sentences;
}

// SentencePiece's message without its code and source location.
std::string plain_message(const std::string& message) {
  const size_t bracket = message.rfind("] ");
  return bracket == std::string::npos ? message : message.substr(bracket + 2);
}

std::string run_trainer(const TrainOptions& options, std::vector<std::string> sentences) {
  Sentences iterator(std::move(sentences));
  std::string model;
  const LogCapture capture;
  const sentencepiece::util::Status status =
      sentencepiece::SentencePieceTrainer::Train(trainer_arguments(options), &iterator, &model);
  if (!status.ok()) {
    throw Error(ErrorCode::kUsage,
                str_cat("tokenizer training: SentencePiece: ", plain_message(status.ToString())));
  }
  return model;
}

// Fills the vocabulary up to a multiple of 64 at least as large as asked for.
std::string pad_vocabulary(std::string model_bytes, int64_t vocabulary_size, TrainReport& report) {
  const Model model = parse_model(model_bytes, "trained model");
  std::set<std::string_view> taken;
  for (const Piece& piece : model.pieces) taken.insert(piece.text);
  const int64_t size =
      (vocabulary_size + kVocabularyMultiple - 1) / kVocabularyMultiple * kVocabularyMultiple;
  report.trained_pieces = static_cast<int64_t>(model.pieces.size());
  report.unused_pieces = size - report.trained_pieces;
  std::vector<Piece> unused;
  for (int64_t number = 0; static_cast<int64_t>(unused.size()) < report.unused_pieces; ++number) {
    const std::string name = str_cat("<unused", number, ">");
    if (!taken.contains(name)) unused.push_back({name, 0, PieceType::kControl});
  }
  return append_pieces(std::move(model_bytes), unused);
}

Json describe(const TrainOptions& options) {
  return {{"model", to_string(options.model)},
          {"vocabulary_size", options.vocabulary_size},
          {"byte_fallback", options.byte_fallback},
          {"normalization", to_string(options.normalization)},
          {"split_digits", options.split_digits},
          {"add_dummy_prefix", options.add_dummy_prefix},
          {"remove_extra_whitespaces", options.remove_extra_whitespaces},
          {"split_by_whitespace", options.split_by_whitespace},
          {"whitespace_runs", options.whitespace_runs},
          {"character_coverage", options.character_coverage},
          {"max_piece_length", options.max_piece_length},
          {"max_sentences", options.max_sentences},
          {"max_bytes", options.max_bytes},
          {"max_sentence_bytes", options.max_sentence_bytes},
          {"seed", options.seed},
          {"threads", options.threads}};
}

void publish(Env& env, const fs::path& folder, const std::string& model_bytes,
             const Json& options) {
  const fs::path staging = folder.string() + ".partial";
  env.remove_all(staging);
  env.create_directories(staging);
  for (const auto& [name, contents] : make_files(model_bytes, options)) {
    write_synced_file(env, staging / name, contents);
  }
  publish_directory(env, staging, folder);
}

template <class Enum, size_t N>
Enum parse_name(std::string_view text, const char* what,
                const std::array<std::pair<std::string_view, Enum>, N>& names) {
  std::vector<std::string> known;
  for (const auto& [name, value] : names) {
    if (name == text) return value;
    known.emplace_back(name);
  }
  throw Error(ErrorCode::kUsage,
              str_cat(what, ": expected ", str_join(known, " or "), ", got ", str_quote(text)));
}

constexpr std::array<std::pair<std::string_view, ModelType>, 2> kModelTypes = {
    {{"unigram", ModelType::kUnigram}, {"bpe", ModelType::kBpe}}};
constexpr std::array<std::pair<std::string_view, Normalization>, 2> kNormalizations = {
    {{"identity", Normalization::kIdentity}, {"nfkc", Normalization::kNfkc}}};

}  // namespace

ModelType parse_model_type(std::string_view text) {
  return parse_name(text, "tokenizer model", kModelTypes);
}
Normalization parse_normalization(std::string_view text) {
  return parse_name(text, "normalization", kNormalizations);
}
std::string_view to_string(ModelType model) {
  return kModelTypes[static_cast<size_t>(model)].first;
}
std::string_view to_string(Normalization normalization) {
  return kNormalizations[static_cast<size_t>(normalization)].first;
}

TrainReport train(Env& env, const TrainOptions& options, const std::vector<fs::path>& inputs,
                  const fs::path& output) {
  check_options(options);
  // "tok/" too: the staging folder lies beside it, not in it.
  const fs::path folder = output.has_filename() ? output : output.parent_path();
  if (env.exists(folder)) {
    throw Error(ErrorCode::kUsage,
                str_cat("tokenizer training: ", folder.string(), " exists already"));
  }
  TrainReport report;
  std::vector<std::string> sentences = read_sentences(env, options, inputs, report);
  log::info(str_cat("training a ", to_string(options.model), " tokenizer of ",
                    options.vocabulary_size, " pieces on ",
                    format_bytes(static_cast<uint64_t>(report.bytes_used)), " in ",
                    report.sentences_used, " of ", report.sentences_seen, " sentences"));
  const std::string model_bytes =
      pad_vocabulary(run_trainer(options, std::move(sentences)), options.vocabulary_size, report);
  if (report.trained_pieces < options.vocabulary_size) {
    log::warning(str_cat("the text gives only ", report.trained_pieces, " of ",
                         options.vocabulary_size, " pieces; the rest stays unused"));
  }
  report.fingerprint = compute_fingerprint(model_bytes);
  publish(env, folder, model_bytes, describe(options));
  return report;
}

}  // namespace rexbert::tokenizer
