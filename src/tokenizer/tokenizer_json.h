#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "tokenizer/encoder.h"
#include "tokenizer/normalizer.h"

// What we read of a Hugging Face folder with a byte-level BPE: docs/formats/tokenizer.md.
namespace rexbert::tokenizer {

inline constexpr char kTokenizerJson[] = "tokenizer.json";

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool single_word = false;
  bool lstrip = false;
  bool rstrip = false;
  bool normalized = false;
  bool special = false;
};

// A Split: what the pattern finds becomes pieces of their own, and so does what lies between,
// unless it is removed.
struct SplitStep {
  std::string pattern;   // a regular expression
  bool removed = false;  // what the pattern finds (with `invert`, all else) is dropped
  bool invert = false;
};

// Two neighbours become one; the first in the list goes first.
struct Merge {
  int32_t left = 0;
  int32_t right = 0;
  int32_t merged = 0;
};

struct ByteLevelBpe {
  std::vector<NormalForm> normalizer;
  std::vector<SplitStep> splits;
  bool add_prefix_space = false;
  bool gpt2_words = true;  // the split that ByteLevel itself makes
  // The model's pieces by id, in the spelling of byte-level BPE (a space is U+0120); empty where
  // the id has none. Added tokens are not in it unless the model has them too.
  std::vector<std::string> pieces;
  std::vector<Merge> merges;
  int32_t unknown = -1;  // for bytes without a piece; -1: they are dropped
  bool fuse_unknown = false;
  bool ignore_merges = false;  // a word that is a piece is that piece
  std::vector<AddedToken> added_tokens;
  SpecialIds special;

  // Everything that decides ids, in one order.
  Json describe() const;
};

// Reads tokenizer.json, and which token has which role from tokenizer_config.json and
// special_tokens_map.json where they are. Throws Error(kIncompatible) naming the key for what would
// change ids and is not known here, Error(kCorrupt) for a file that is none.
ByteLevelBpe read_tokenizer_json(Env& env, const fs::path& folder);

// The bytes that a piece in the spelling of byte-level BPE stands for; none when it is empty or has
// a character outside the alphabet.
std::optional<std::string> bytes_of_piece(std::string_view piece);

}  // namespace rexbert::tokenizer
