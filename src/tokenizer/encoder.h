#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace rexbert::tokenizer {

struct SpecialIds {
  int32_t pad = 0;
  int32_t unknown = 0;
  int32_t cls = 0;
  int32_t sep = 0;
  int32_t mask = 0;
};

enum PieceFlag : uint8_t {
  kBeginsWord = 1,
  kEndsInBreak = 2,
  kUnusedPiece = 4,
  kBytePiece = 8,
  kSpecialPiece = 16,
};

// What is known of each id.
struct Vocabulary {
  std::vector<std::string> pieces_V;  // as the tokenizer's own files spell them
  std::vector<std::string> texts_V;   // the bytes that they stand for; empty for special ones
  std::vector<uint8_t> flags_V;       // PieceFlag
  std::unordered_map<std::string_view, int32_t> ids;  // of pieces_V
  SpecialIds special;

  void add(std::string piece, std::string text, uint8_t flags) {
    pieces_V.push_back(std::move(piece));
    texts_V.push_back(std::move(text));
    flags_V.push_back(flags);
  }
  // Once all pieces are there. Ids without a piece have an empty one.
  void index_pieces() {
    for (size_t id = 0; id < pieces_V.size(); ++id) {
      if (!pieces_V[id].empty()) ids.emplace(pieces_V[id], static_cast<int32_t>(id));
    }
  }
  bool has(int32_t id, PieceFlag flag) const {
    return (flags_V[static_cast<size_t>(id)] & flag) != 0;
  }
};

// One way from text to ids. Immutable: safe for many threads.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the ids of `text`, valid UTF-8, without [CLS] and [SEP].
  virtual void encode(std::string_view text, std::vector<int32_t>& ids) const = 0;
  // The same, but the mask token's name in the text gives its id.
  virtual void encode_masked(std::string_view text, std::vector<int32_t>& ids) const = 0;
  // True when encoding puts a space before the text, which decoding takes off.
  virtual bool has_prefix_space() const = 0;
};

}  // namespace rexbert::tokenizer
