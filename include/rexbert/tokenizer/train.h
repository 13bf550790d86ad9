#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::tokenizer {

enum class ModelType { kUnigram, kBpe };
enum class Normalization { kIdentity, kNfkc };

struct TrainOptions {
  // Default Unigram (Kudo, arXiv 1804.10959); kBpe is byte-pair encoding over characters.
  ModelType model = ModelType::kUnigram;
  // Ids in the finished tokenizer. Default 50,368. It is rounded up to a multiple of 64, and what
  // the training does not fill (the rounding; pieces that the text cannot give) becomes unused
  // pieces <unused0>, <unused1>, ... at the end. Special tokens and bytes are counted in.
  int64_t vocabulary_size = 50368;
  // Encodes characters without a piece of their own as their UTF-8 bytes instead of [UNK]. Default
  // on; costs 256 ids.
  bool byte_fallback = true;
  // Default identity: ids stand for the text as it is. NFKC folds compatibility characters and does
  // not round-trip.
  Normalization normalization = Normalization::kIdentity;
  // Each digit becomes a piece of its own. Default off.
  bool split_digits = false;
  // Puts a space before the text, so that its first word has the same pieces as later ones. Default
  // on; decoding takes it off again.
  bool add_dummy_prefix = true;
  // Removes spaces at both ends and folds runs into one. Default off: spaces are kept.
  bool remove_extra_whitespaces = false;
  // No piece crosses a space. Default on.
  bool split_by_whitespace = true;
  // Lets runs of spaces be pieces. Default off: each space of a run is a piece.
  bool whitespace_runs = false;
  // Share of the characters in the text that get a piece of their own. Default 0.9995; the rest is
  // left to bytes or [UNK]. In Unigram models printable ASCII always gets one.
  double character_coverage = 0.9995;
  // Longest piece in characters. Default 16.
  int max_piece_length = 16;

  // Training uses at most this many sentences (documents, cut above max_sentence_bytes at a line
  // break, else a space) and bytes, drawn uniformly by `seed`. Defaults 2 M and 128 MiB. Memory is
  // about 25 times the bytes for Unigram, 5 times for BPE.
  int64_t max_sentences = 2'000'000;
  int64_t max_bytes = int64_t{128} << 20;
  int64_t max_sentence_bytes = 4096;
  uint64_t seed = 0;
  // Threads of SentencePiece's training. Default 4, whatever the machine: partial sums are added by
  // thread, so the number is part of what decides the model's bytes.
  int threads = 4;

  text::ReadOptions read;
  text::OnError on_error = text::OnError::kStop;
};

struct TrainReport {
  text::ReadCounts read;
  int64_t sentences_seen = 0;
  int64_t sentences_used = 0;
  int64_t bytes_used = 0;
  int64_t trained_pieces = 0;  // specials and bytes included
  int64_t unused_pieces = 0;
  std::string fingerprint;
};

ModelType parse_model_type(std::string_view text);         // "unigram", "bpe"; Error(kUsage)
Normalization parse_normalization(std::string_view text);  // "identity", "nfkc"; Error(kUsage)
std::string_view to_string(ModelType model);
std::string_view to_string(Normalization normalization);

// Trains on the documents of `inputs` and publishes the tokenizer folder `folder`, which must not
// exist. The same inputs and options give the same bytes. Throws Error(kUsage) for options out of
// range, Error(kCorrupt) for text that cannot be used.
TrainReport train(Env& env, const TrainOptions& options, const std::vector<fs::path>& inputs,
                  const fs::path& folder);

}  // namespace rexbert::tokenizer
