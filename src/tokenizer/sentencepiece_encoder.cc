#include "tokenizer/sentencepiece_encoder.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/log_capture.h"
#include "tokenizer/word_cache.h"

namespace rexbert::tokenizer {
namespace {

constexpr std::string_view kSpaceSymbol = "\u2581";
// A longer stretch of text without a space is cut here: SentencePiece's lattice takes 40 bytes for
// each of its bytes.
constexpr size_t kMaxSegmentBytes = size_t{1} << 16;

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

int byte_value(std::string_view piece) {  // "<0x0A>"
  return std::stoi(std::string(piece.substr(3, 2)), nullptr, 16);
}

uint8_t piece_flags(int32_t id, const Piece& piece) {
  if (id < kSpecialCount) return kSpecialPiece | kEndsInBreak;
  if (piece.type == PieceType::kControl) return kUnusedPiece;
  constexpr std::string_view kBreaks = "\t\n\v\f\r";
  if (piece.type == PieceType::kByte) {
    const bool breaks =
        kBreaks.find(static_cast<char>(byte_value(piece.text))) != std::string_view::npos;
    return static_cast<uint8_t>(kBytePiece | (breaks ? kEndsInBreak : 0));
  }
  uint8_t flags = 0;
  if (piece.text.starts_with(kSpaceSymbol)) flags |= kBeginsWord;
  if (kBreaks.find(piece.text.back()) != std::string_view::npos) flags |= kEndsInBreak;
  return flags;
}

void append_with_symbols(std::string_view text, std::string& out) {
  for (const char byte : text) {
    if (byte == ' ') {
      out.append(kSpaceSymbol);
    } else {
      out.push_back(byte);
    }
  }
}

std::string with_spaces(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (true) {
    const size_t at = text.find(kSpaceSymbol);
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    out.push_back(' ');
    text.remove_prefix(at + kSpaceSymbol.size());
  }
}

// True where the byte before `at` belongs to a space or its symbol.
bool space_before(std::string_view text, size_t at) {
  return at > 0 && (text[at - 1] == ' ' || text.substr(0, at).ends_with(kSpaceSymbol));
}

std::string piece_text(const Piece& piece, uint8_t flags) {
  if (flags & (kSpecialPiece | kUnusedPiece)) return {};
  if (flags & kBytePiece) return {static_cast<char>(byte_value(piece.text))};
  return with_spaces(piece.text);
}

[[noreturn]] void throw_sentencepiece(const sentencepiece::util::Status& status,
                                      std::string_view where) {
  throw Error(ErrorCode::kCorrupt, str_cat(where, ": SentencePiece: ", status.ToString()));
}

// As make_tokenizer_json() has it.
AddedTokenMatcher mask_matcher() {
  AddedToken mask;
  mask.id = kMaskId;
  mask.content = kSpecialPieces[kMaskId];
  mask.lstrip = true;
  return {{mask}, {mask.content}};
}

class SentencePieceEncoder final : public Encoder {
 public:
  SentencePieceEncoder(const std::string& bytes, const Model& model, const std::string& source);

  void encode(std::string_view text, std::vector<int32_t>& ids) const override {
    encode_part(text, true, ids);
  }
  void encode_masked(std::string_view text, std::vector<int32_t>& ids) const override;
  bool has_prefix_space() const override { return add_dummy_prefix_; }

 private:
  // `begins`: the part begins the text, and so has the prefix where there is one.
  void encode_part(std::string_view part, bool begins, std::vector<int32_t>& ids) const;
  std::string normalize(std::string_view part, bool begins) const;
  void encode_segment(std::string_view normalized, std::vector<int32_t>& ids) const;
  void encode_word(std::string_view word, WordCache& cache, std::vector<int32_t>& ids) const;
  void encode_words(std::string_view text, bool prefix, std::vector<int32_t>& ids) const;
  size_t word_end(std::string_view text) const;

  bool add_dummy_prefix_;
  bool remove_extra_whitespaces_;
  bool split_by_whitespace_;
  bool whitespace_runs_;
  // Encodes normalized text: the model with a normalizer that does nothing.
  sentencepiece::SentencePieceProcessor processor_;
  // Set unless normalizing is only writing spaces as U+2581.
  std::optional<sentencepiece::SentencePieceNormalizer> normalizer_;
  uint64_t cache_key_ = new_cache_key();
};

SentencePieceEncoder::SentencePieceEncoder(const std::string& bytes, const Model& model,
                                           const std::string& source)
    : add_dummy_prefix_(model.add_dummy_prefix),
      remove_extra_whitespaces_(model.remove_extra_whitespaces),
      split_by_whitespace_(model.split_by_whitespace),
      whitespace_runs_(model.whitespace_runs) {
  const LogCapture capture;
  const auto status = processor_.LoadFromSerializedProto(without_normalizer(bytes));
  if (!status.ok()) throw_sentencepiece(status, source);
  if (model.remove_extra_whitespaces || !model.precompiled_charsmap.empty()) {
    const auto loaded = normalizer_.emplace().LoadFromSerializedProto(bytes);
    if (!loaded.ok()) throw_sentencepiece(loaded, source);
  }
}

// A word ends before a space; with pieces for runs of spaces, before the first space of a run.
size_t SentencePieceEncoder::word_end(std::string_view text) const {
  size_t at = 1;
  while (true) {
    const auto* space = static_cast<const char*>(
        at < text.size() ? std::memchr(text.data() + at, ' ', text.size() - at) : nullptr);
    if (space == nullptr) return text.size();
    at = static_cast<size_t>(space - text.data());
    if (!whitespace_runs_ || !space_before(text, at)) return at;
    ++at;
  }
}

void SentencePieceEncoder::encode_segment(std::string_view normalized,
                                          std::vector<int32_t>& out) const {
  thread_local std::vector<int> segment;
  while (!normalized.empty()) {
    size_t size = std::min(normalized.size(), kMaxSegmentBytes);
    while (size < normalized.size() && is_continuation(normalized[size])) --size;
    const auto status = processor_.Encode(normalized.substr(0, size), &segment);
    if (!status.ok()) throw_sentencepiece(status, "encode");
    out.insert(out.end(), segment.begin(), segment.end());
    normalized.remove_prefix(size);
  }
}

void SentencePieceEncoder::encode_word(std::string_view word, WordCache& cache,
                                       std::vector<int32_t>& out) const {
  const bool cached = word.size() <= WordCache::kMaxWordBytes;
  const uint64_t hash = cached ? WordCache::hash(word) : 0;
  if (cached) {
    const std::span<const int32_t> found = cache.find(word, hash);
    if (!found.empty()) {
      out.insert(out.end(), found.begin(), found.end());
      return;
    }
  }
  thread_local std::string normalized;
  normalized.clear();
  append_with_symbols(word, normalized);
  const size_t before = out.size();
  encode_segment(normalized, out);
  if (cached && out.size() > before) {
    cache.insert(word, hash, std::span(out).subspan(before));
  }
}

// No piece reaches over the start of a word, so the best pieces of a text are those of its words.
void SentencePieceEncoder::encode_words(std::string_view text, bool prefix,
                                        std::vector<int32_t>& out) const {
  WordCache& cache = thread_word_cache(cache_key_);
  if (prefix) {
    thread_local std::string first;
    const size_t size = word_end(text);
    first.assign(1, ' ').append(text.substr(0, size));
    encode_word(first, cache, out);
    text.remove_prefix(size);
  }
  while (!text.empty()) {
    const size_t size = word_end(text);
    encode_word(text.substr(0, size), cache, out);
    text.remove_prefix(size);
  }
}

// The normalizer puts the prefix before every part.
std::string SentencePieceEncoder::normalize(std::string_view part, bool begins) const {
  std::string normalized = with_spaces(normalizer_->Normalize(part));  // words begin at spaces
  const bool stands_for_a_space = remove_extra_whitespaces_ && part.starts_with(' ');
  if (add_dummy_prefix_ && !begins && !stands_for_a_space && normalized.starts_with(' ')) {
    normalized.erase(0, 1);
  }
  return normalized;
}

void SentencePieceEncoder::encode_part(std::string_view part, bool begins,
                                       std::vector<int32_t>& ids) const {
  std::string normalized;
  if (normalizer_) {
    normalized = normalize(part, begins);
    part = normalized;
  }
  if (part.empty()) return;
  const bool prefix = add_dummy_prefix_ && begins && !normalizer_;
  if (split_by_whitespace_) {
    encode_words(part, prefix, ids);
    return;
  }
  std::string symbols;
  if (prefix) symbols.append(kSpaceSymbol);
  append_with_symbols(part, symbols);
  encode_segment(symbols, ids);
}

void SentencePieceEncoder::encode_masked(std::string_view text, std::vector<int32_t>& ids) const {
  static const AddedTokenMatcher matcher = mask_matcher();
  bool begins = true;
  matcher.split(text, [&](int32_t token, std::string_view part) {
    if (token >= 0) {
      ids.push_back(token);
    } else {
      encode_part(part, begins, ids);
    }
    begins = false;
  });
}

}  // namespace

std::unique_ptr<const Encoder> make_sentencepiece_encoder(const std::string& bytes,
                                                          const Model& model,
                                                          const std::string& source) {
  return std::make_unique<const SentencePieceEncoder>(bytes, model, source);
}

Vocabulary make_vocabulary(const Model& model) {
  Vocabulary vocabulary;
  for (const Piece& piece : model.pieces) {
    const auto id = static_cast<int32_t>(vocabulary.pieces_V.size());
    const uint8_t flags = piece_flags(id, piece);
    vocabulary.add(piece.text, piece_text(piece, flags), flags);
  }
  vocabulary.special = {
      .pad = kPadId, .unknown = kUnknownId, .cls = kClsId, .sep = kSepId, .mask = kMaskId};
  return vocabulary;
}

}  // namespace rexbert::tokenizer
