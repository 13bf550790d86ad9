#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// What we need of SentencePiece's ModelProto (sentencepiece_model.proto), read and written on the
// level of the protobuf wire format: SentencePiece installs no header for the message itself.
namespace rexbert::tokenizer {

enum class PieceType { kNormal = 1, kUnknown = 2, kControl = 3, kUser = 4, kUnused = 5, kByte = 6 };

struct Piece {
  std::string text;
  float score = 0;
  PieceType type = PieceType::kNormal;
};

struct Model {
  std::vector<Piece> pieces;
  bool bpe = false;
  bool byte_fallback = false;
  bool split_by_whitespace = true;
  bool whitespace_runs = false;
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  std::string normalization;         // "identity", "nfkc"
  std::string precompiled_charsmap;  // empty for identity
};

// Throws Error(kCorrupt) naming `source` when `bytes` is not such a message.
Model parse_model(std::string_view bytes, std::string_view source);

// `bytes` with more pieces behind the ones it holds.
std::string append_pieces(std::string bytes, const std::vector<Piece>& pieces);

// `bytes` with a normalizer that changes nothing: for text that is normalized already, spaces
// written as U+2581.
std::string without_normalizer(std::string bytes);

}  // namespace rexbert::tokenizer
