#pragma once

// tokenizer: text to ids and back.
//
// train() (train.h) makes a tokenizer folder from documents; Tokenizer::load() reads one. The
// folder (docs/formats/tokenizer.md) holds the SentencePiece model that this module uses and a
// tokenizer.json with which Hugging Face transformers gives the same ids. load() also reads folders
// of others, whose tokenizer.json is a byte-level BPE, as in the ModernBERT family. SentencePiece
// and ICU are seen by no one outside.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::tokenizer {

// The special tokens and their ids in every tokenizer that train() makes: [PAD] 0, [UNK] 1, [CLS]
// 2, [SEP] 3, [MASK] 4. Byte-level BPE has other ids: ask the tokenizer for them.
inline constexpr int32_t kPadId = 0;
inline constexpr int32_t kUnknownId = 1;
inline constexpr int32_t kClsId = 2;
inline constexpr int32_t kSepId = 3;
inline constexpr int32_t kMaskId = 4;
inline constexpr int32_t kSpecialCount = 5;
inline constexpr std::string_view kSpecialPieces[kSpecialCount] = {"[PAD]", "[UNK]", "[CLS]",
                                                                   "[SEP]", "[MASK]"};

// A loaded tokenizer: immutable, cheap to copy, and safe to use from many threads. It takes about
// 20 MB for 50,368 pieces, and each thread that encodes keeps a cache of words of about 8 MB.
class Tokenizer {
 public:
  // Reads and checks a tokenizer folder, ours or one with a byte-level BPE in tokenizer.json.
  // Throws Error(kNotFound) for a missing folder or file, Error(kCorrupt) for a damaged one or a
  // fingerprint that does not fit, Error(kIncompatible) for another format version and for what a
  // tokenizer.json has and we do not know.
  static Tokenizer load(Env& env, const fs::path& folder);

  // Appends the ids of `text` (valid UTF-8), without [CLS] and [SEP] around them. In tokenizers
  // that train() made no text is encoded to a special token, not even the text "[CLS]"; in
  // byte-level BPE added tokens, special ones too, are found in the text as the library
  // `tokenizers` finds them.
  void encode(std::string_view text, std::vector<int32_t>& ids) const;
  std::vector<int32_t> encode(std::string_view text) const;
  // Appends [CLS] ids [SEP].
  void encode_document(std::string_view text, std::vector<int32_t>& ids) const;
  // Appends the ids of `text`, in which the name of the mask token (piece(mask_id()), "[MASK]") is
  // that token, as transformers reads it: in tokenizers that train() made it takes the white space
  // before it, and no space is put before what follows it.
  void encode_masked(std::string_view text, std::vector<int32_t>& ids) const;

  // The text of `ids`_T; special ids give nothing, [UNK] and bytes that are no UTF-8 give U+FFFD.
  // decode(encode(x)) == x with identity normalization, byte fallback and white space kept.
  std::string decode(std::span<const int32_t> ids) const;

  // Number of ids, padding included: the rows of the embedding.
  int32_t vocabulary_size() const;
  // The piece as the tokenizer's own files spell it: SentencePiece has U+2581 for a space and
  // <0x0A> for a byte, byte-level BPE U+0120 for a space and a Latin letter for each byte. `id` in
  // [0, vocabulary_size()).
  std::string_view piece(int32_t id) const;
  // The bytes that the piece stands for, which may be a part of a character; empty for special ids.
  std::string_view text(int32_t id) const;
  // unknown_id() when there is no such piece.
  int32_t piece_id(std::string_view piece) const;

  // 32 hexadecimal digits over everything that changes ids; equal fingerprints, equal ids.
  const std::string& fingerprint() const;

  int32_t pad_id() const;
  int32_t unknown_id() const;
  int32_t cls_id() const;
  int32_t sep_id() const;
  int32_t mask_id() const;

  // True for these five and what else a tokenizer.json calls special.
  bool is_special(int32_t id) const;
  // True for what only fills the vocabulary up: <unused0>, [unused0], ids without a piece.
  bool is_unused(int32_t id) const;
  // True for a byte of the byte fallback; in byte-level BPE, for a piece that is one byte of a
  // longer character.
  bool is_byte(int32_t id) const;
  // True when the piece starts with a space, or when the piece before it (`previous_id`, or a
  // special token at the start) ends in white space such as a line break.
  bool begins_word(int32_t id) const;
  bool begins_word(int32_t previous_id, int32_t id) const {
    return begins_word(id) || ends_in_break(previous_id);
  }
  // True for special tokens and pieces that end in white space; a space alone, which stands before
  // a word, does not count.
  bool ends_in_break(int32_t id) const;

  // What the tokenizer was trained with, or what it consists of, as JSON: for people and run
  // records.
  std::string options_json() const;

 private:
  struct Impl;
  void check_id(int32_t id) const;
  explicit Tokenizer(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// The names of the files in a folder that train() made, the one written last at the end.
const std::vector<std::string>& tokenizer_files();

// The contents of a tokenizer folder's files by name; of a folder of others, those of them that it
// has. Error(kNotFound) naming one that is missing.
std::map<std::string, std::string> read_tokenizer_files(Env& env, const fs::path& folder);

}  // namespace rexbert::tokenizer
