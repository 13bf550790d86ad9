#include "rexbert/tokenizer/tokenizer.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <optional>
#include <unordered_map>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "tokenizer/folder.h"
#include "tokenizer/log_capture.h"
#include "tokenizer/model_proto.h"
#include "tokenizer/word_cache.h"

namespace rexbert::tokenizer {
namespace {

constexpr std::string_view kSpaceSymbol = "\u2581";
// A longer stretch of text without a space is cut here: SentencePiece's lattice takes 40 bytes for
// each of its bytes.
constexpr size_t kMaxSegmentBytes = size_t{1} << 16;

enum PieceFlag : uint8_t { kBeginsWord = 1, kEndsInBreak = 2, kUnusedPiece = 4, kBytePiece = 8 };

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

int byte_value(std::string_view piece) {  // "<0x0A>"
  return std::stoi(std::string(piece.substr(3, 2)), nullptr, 16);
}

uint8_t piece_flags(int32_t id, const Piece& piece) {
  if (id < kSpecialCount) return kEndsInBreak;
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

// Appends `bytes`, replacing what is not UTF-8 by U+FFFD, a byte at a time.
void append_valid_utf8(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const auto lead = static_cast<unsigned char>(bytes[0]);
    const size_t size = lead < 0x80    ? 1
                        : lead >= 0xF0 ? 4
                        : lead >= 0xE0 ? 3
                        : lead >= 0xC2 ? 2
                                       : 0;
    bool valid = size > 0 && size <= bytes.size() && lead <= 0xF4;
    for (size_t i = 1; valid && i < size; ++i) valid = is_continuation(bytes[i]);
    if (valid && size >= 3) {
      // Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
      const auto second = static_cast<unsigned char>(bytes[1]);
      valid = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F) &&
              !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    }
    out.append(valid ? bytes.substr(0, size) : "\uFFFD");
    bytes.remove_prefix(valid ? size : 1);
  }
}

[[noreturn]] void throw_sentencepiece(const sentencepiece::util::Status& status,
                                      std::string_view where) {
  throw Error(ErrorCode::kCorrupt, str_cat(where, ": SentencePiece: ", status.ToString()));
}

}  // namespace

struct Tokenizer::Impl {
  Model model;
  Manifest manifest;
  std::vector<uint8_t> flags_V;
  std::unordered_map<std::string_view, int32_t> ids;
  // Encodes normalized text: the model with a normalizer that does nothing.
  sentencepiece::SentencePieceProcessor processor;
  // Set unless normalizing is only writing spaces as U+2581.
  std::optional<sentencepiece::SentencePieceNormalizer> normalizer;
  // Names this model in the threads' caches.
  uint64_t instance = 0;

  void encode_segment(std::string_view normalized, std::vector<int32_t>& ids) const;
  void encode_word(std::string_view word, WordCache& cache, std::vector<int32_t>& ids) const;
  void encode_words(std::string_view text, std::vector<int32_t>& ids) const;
  size_t word_end(std::string_view text) const;
};

namespace {

// The word caches of this thread, for the tokenizers that it used last.
WordCache& thread_cache(uint64_t instance) {
  struct Slot {
    uint64_t instance = 0;
    std::unique_ptr<WordCache> cache;
  };
  thread_local std::array<Slot, 2> slots;
  if (slots[0].instance != instance) {
    std::swap(slots[0], slots[1]);
    if (slots[0].instance != instance) slots[0] = {instance, std::make_unique<WordCache>()};
  }
  return *slots[0].cache;
}

}  // namespace

// A word ends before a space; with pieces for runs of spaces, before the first space of a run.
size_t Tokenizer::Impl::word_end(std::string_view text) const {
  size_t at = 1;
  while (true) {
    const auto* space = static_cast<const char*>(
        at < text.size() ? std::memchr(text.data() + at, ' ', text.size() - at) : nullptr);
    if (space == nullptr) return text.size();
    at = static_cast<size_t>(space - text.data());
    if (!model.whitespace_runs || !space_before(text, at)) return at;
    ++at;
  }
}

void Tokenizer::Impl::encode_segment(std::string_view normalized, std::vector<int32_t>& out) const {
  thread_local std::vector<int> segment;
  while (!normalized.empty()) {
    size_t size = std::min(normalized.size(), kMaxSegmentBytes);
    while (size < normalized.size() && is_continuation(normalized[size])) --size;
    const auto status = processor.Encode(normalized.substr(0, size), &segment);
    if (!status.ok()) throw_sentencepiece(status, "encode");
    out.insert(out.end(), segment.begin(), segment.end());
    normalized.remove_prefix(size);
  }
}

void Tokenizer::Impl::encode_word(std::string_view word, WordCache& cache,
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
void Tokenizer::Impl::encode_words(std::string_view text, std::vector<int32_t>& out) const {
  WordCache& cache = thread_cache(instance);
  if (model.add_dummy_prefix && !normalizer) {
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

Tokenizer Tokenizer::load(Env& env, const fs::path& folder) {
  Manifest manifest = read_manifest(env, folder);
  const std::string bytes = read_model(env, folder, manifest);
  const std::string source = (folder / kModelFile).string();
  auto impl = std::make_shared<Impl>();
  impl->model = parse_model(bytes, source);
  check_model(impl->model, manifest.vocabulary_size, source);
  impl->manifest = std::move(manifest);
  for (size_t id = 0; id < impl->model.pieces.size(); ++id) {
    const Piece& piece = impl->model.pieces[id];
    impl->flags_V.push_back(piece_flags(static_cast<int32_t>(id), piece));
    impl->ids.emplace(piece.text, static_cast<int32_t>(id));
  }
  const LogCapture capture;
  const auto status = impl->processor.LoadFromSerializedProto(without_normalizer(bytes));
  if (!status.ok()) throw_sentencepiece(status, source);
  if (impl->model.remove_extra_whitespaces || !impl->model.precompiled_charsmap.empty()) {
    const auto loaded = impl->normalizer.emplace().LoadFromSerializedProto(bytes);
    if (!loaded.ok()) throw_sentencepiece(loaded, source);
  }
  static std::atomic<uint64_t> instances = 0;
  impl->instance = ++instances;
  return Tokenizer(std::move(impl));
}

void Tokenizer::encode(std::string_view text, std::vector<int32_t>& ids) const {
  const Impl& impl = *impl_;
  std::string normalized;
  if (impl.normalizer) {
    normalized = with_spaces(impl.normalizer->Normalize(text));  // words are found by their spaces
    text = normalized;
  }
  if (text.empty()) return;
  if (impl.model.split_by_whitespace) {
    impl.encode_words(text, ids);
    return;
  }
  std::string symbols;
  if (impl.model.add_dummy_prefix && !impl.normalizer) symbols.append(kSpaceSymbol);
  append_with_symbols(text, symbols);
  impl.encode_segment(symbols, ids);
}

std::vector<int32_t> Tokenizer::encode(std::string_view text) const {
  std::vector<int32_t> ids;
  encode(text, ids);
  return ids;
}

void Tokenizer::encode_document(std::string_view text, std::vector<int32_t>& ids) const {
  ids.push_back(kClsId);
  encode(text, ids);
  ids.push_back(kSepId);
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
  const Model& model = impl_->model;
  std::string text;
  std::string bytes;
  const auto flush = [&text, &bytes] {
    append_valid_utf8(bytes, text);
    bytes.clear();
  };
  for (const int32_t id : ids) {
    const std::string_view part = piece(id);
    if (id == kUnknownId) {
      flush();
      text.append("\uFFFD");
    } else if (is_byte(id)) {
      bytes.push_back(static_cast<char>(byte_value(part)));
    } else if (!is_special(id) && !is_unused(id)) {
      flush();
      text.append(part);
    }
  }
  flush();
  text = with_spaces(text);
  if (model.add_dummy_prefix && text.starts_with(' ')) text.erase(0, 1);
  return text;
}

int32_t Tokenizer::vocabulary_size() const {
  return static_cast<int32_t>(impl_->model.pieces.size());
}

std::string_view Tokenizer::piece(int32_t id) const {
  if (id < 0 || id >= vocabulary_size()) {
    throw Error(ErrorCode::kUsage,
                str_cat("token id: expected 0 to ", vocabulary_size() - 1, ", got ", id));
  }
  return impl_->model.pieces[static_cast<size_t>(id)].text;
}

int32_t Tokenizer::piece_id(std::string_view piece) const {
  const auto found = impl_->ids.find(piece);
  return found == impl_->ids.end() ? kUnknownId : found->second;
}

const std::string& Tokenizer::fingerprint() const { return impl_->manifest.fingerprint; }
std::string Tokenizer::options_json() const { return impl_->manifest.options.dump(); }

bool Tokenizer::is_unused(int32_t id) const {
  return (impl_->flags_V[static_cast<size_t>(id)] & kUnusedPiece) != 0;
}
bool Tokenizer::is_byte(int32_t id) const {
  return (impl_->flags_V[static_cast<size_t>(id)] & kBytePiece) != 0;
}
bool Tokenizer::begins_word(int32_t id) const {
  return (impl_->flags_V[static_cast<size_t>(id)] & kBeginsWord) != 0;
}
bool Tokenizer::ends_in_break(int32_t id) const {
  return (impl_->flags_V[static_cast<size_t>(id)] & kEndsInBreak) != 0;
}

}  // namespace rexbert::tokenizer
