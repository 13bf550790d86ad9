#include "tokenizer/byte_level_encoder.h"

#include <algorithm>
#include <vector>

#include "rexbert/core/hash.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe_model.h"
#include "tokenizer/gpt2_words.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/regex_split.h"
#include "tokenizer/word_cache.h"

namespace rexbert::tokenizer {
namespace {

// The added tokens to be found in text as it is, or in normalized text. Special ones come first:
// of tokens that read the same, the first is taken.
AddedTokenMatcher make_matcher(const ByteLevelBpe& spec, const Normalizer& normalizer,
                               bool normalized) {
  std::vector<AddedToken> tokens;
  for (const bool special : {true, false}) {
    for (const AddedToken& token : spec.added_tokens) {
      if (token.special == special && token.normalized == normalized) tokens.push_back(token);
    }
  }
  std::vector<std::string> contents;
  for (const AddedToken& token : tokens) {
    std::string buffer;
    contents.emplace_back(normalized ? normalizer.apply(token.content, buffer) : token.content);
  }
  return {tokens, contents};
}

class ByteLevelEncoder final : public Encoder {
 public:
  ByteLevelEncoder(const ByteLevelBpe& spec, const std::string& source)
      : normalizer_(spec.normalizer),
        as_written_(make_matcher(spec, normalizer_, false)),
        normalized_(make_matcher(spec, normalizer_, true)),
        add_prefix_space_(spec.add_prefix_space),
        gpt2_words_(spec.gpt2_words),
        model_(spec) {
    for (const SplitStep& step : spec.splits) splits_.emplace_back(step, source);
  }

  void encode(std::string_view text, std::vector<int32_t>& ids) const override;
  void encode_masked(std::string_view text, std::vector<int32_t>& ids) const override {
    encode(text, ids);  // added tokens are found anyway
  }
  bool has_prefix_space() const override { return add_prefix_space_; }

 private:
  struct Output {
    WordCache& cache;
    std::vector<int32_t>& ids;
  };

  void encode_split(std::string_view text, size_t step, Output& out) const;
  void encode_words(std::string_view text, Output& out) const;
  void encode_word(std::string_view word, Output& out) const;

  Normalizer normalizer_;
  AddedTokenMatcher as_written_;
  AddedTokenMatcher normalized_;
  std::vector<RegexSplit> splits_;
  bool add_prefix_space_;
  bool gpt2_words_;
  BpeModel model_;
  uint64_t cache_key_ = new_cache_key();
};

void ByteLevelEncoder::encode(std::string_view text, std::vector<int32_t>& ids) const {
  Output out{thread_word_cache(cache_key_), ids};
  std::string buffer;
  as_written_.split(text, [&](int32_t token, std::string_view part) {
    if (token >= 0) {
      ids.push_back(token);
      return;
    }
    normalized_.split(normalizer_.apply(part, buffer), [&](int32_t inner, std::string_view rest) {
      if (inner >= 0) {
        ids.push_back(inner);
      } else {
        encode_split(rest, 0, out);
      }
    });
  });
}

void ByteLevelEncoder::encode_split(std::string_view text, size_t step, Output& out) const {
  if (step == splits_.size()) {
    encode_words(text, out);
    return;
  }
  splits_[step].split(text, [&](std::string_view part) { encode_split(part, step + 1, out); });
}

void ByteLevelEncoder::encode_words(std::string_view text, Output& out) const {
  std::string prefixed;
  if (add_prefix_space_ && !text.starts_with(' ')) {
    prefixed.append(1, ' ').append(text);
    text = prefixed;
  }
  while (!text.empty()) {
    const size_t size = gpt2_words_ ? gpt2_word_end(text) : text.size();
    encode_word(text.substr(0, size), out);
    text.remove_prefix(size);
  }
}

void ByteLevelEncoder::encode_word(std::string_view word, Output& out) const {
  if (word.size() > WordCache::kMaxWordBytes) {
    model_.encode(word, out.ids);
    return;
  }
  const uint64_t hash = WordCache::hash(word);
  const std::span<const int32_t> found = out.cache.find(word, hash);
  if (!found.empty()) {
    out.ids.insert(out.ids.end(), found.begin(), found.end());
    return;
  }
  const size_t before = out.ids.size();
  model_.encode(word, out.ids);
  if (out.ids.size() > before) out.cache.insert(word, hash, std::span(out.ids).subspan(before));
}

// "[unused12]" or "<unused12>".
bool is_unused_name(std::string_view name) {
  const size_t end = name.size() - 1;
  if (!(name.starts_with("[unused") && name[end] == ']') &&
      !(name.starts_with("<unused") && name[end] == '>')) {
    return false;
  }
  const std::string_view number = name.substr(7, end - 7);
  return !number.empty() &&
         std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
}

uint8_t flags_of_text(std::string_view text) {
  constexpr std::string_view kWhite = " \t\n\v\f\r";
  uint8_t flags = 0;
  if (text.starts_with(' ')) flags |= kBeginsWord;
  // A run of spaces may be a piece, and the word behind it then has no space of its own. One space
  // is that of the word, where no merge has joined the two.
  const bool ends_white = !text.empty() && kWhite.find(text.back()) != std::string_view::npos;
  if (ends_white && text != " ") flags |= kEndsInBreak;
  if (text.size() == 1 && static_cast<uint8_t>(text[0]) >= 0x80) flags |= kBytePiece;
  return flags;
}

}  // namespace

std::unique_ptr<const Encoder> make_byte_level_encoder(const ByteLevelBpe& spec,
                                                       const std::string& source) {
  return std::make_unique<const ByteLevelEncoder>(spec, source);
}

Vocabulary make_vocabulary(const ByteLevelBpe& spec) {
  Vocabulary vocabulary;
  for (const std::string& piece : spec.pieces) {
    std::string text = bytes_of_piece(piece).value_or(piece);
    const uint8_t flags = piece.empty() ? uint8_t{kUnusedPiece} : flags_of_text(text);
    vocabulary.add(piece, std::move(text), flags);
  }
  for (const AddedToken& token : spec.added_tokens) {
    const auto id = static_cast<size_t>(token.id);
    while (vocabulary.pieces_V.size() <= id) vocabulary.add("", "", kUnusedPiece);
    vocabulary.pieces_V[id] = token.content;
    vocabulary.texts_V[id] = token.special ? "" : token.content;
    vocabulary.flags_V[id] = token.special                   ? uint8_t{kSpecialPiece | kEndsInBreak}
                             : is_unused_name(token.content) ? uint8_t{kUnusedPiece}
                                                             : flags_of_text(token.content);
  }
  vocabulary.special = spec.special;
  const SpecialIds& roles = spec.special;
  for (const int32_t id : {roles.pad, roles.unknown, roles.cls, roles.sep, roles.mask}) {
    vocabulary.texts_V[static_cast<size_t>(id)].clear();
    vocabulary.flags_V[static_cast<size_t>(id)] = kSpecialPiece | kEndsInBreak;
  }
  return vocabulary;
}

std::string compute_fingerprint(const ByteLevelBpe& spec) {
  return hash_hex("xxh3_128", "rexbert tokenizer.json 1\n" + spec.describe().dump());
}

Json summarize(const ByteLevelBpe& spec) {
  return {{"model", "byte-level bpe"},
          {"pieces", spec.pieces.size()},
          {"merges", spec.merges.size()},
          {"added_tokens", spec.added_tokens.size()}};
}

}  // namespace rexbert::tokenizer
