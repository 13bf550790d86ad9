#include "tokenizer/model_proto.h"

#include <cstring>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::tokenizer {
namespace {

enum class WireType : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct Field {
  uint32_t number = 0;
  uint64_t value = 0;      // varint, or the bits of a fixed-size value
  std::string_view bytes;  // of a length-delimited one
};

// Walks over the fields of one message.
class FieldReader {
 public:
  FieldReader(std::string_view data, std::string_view source) : data_(data), source_(source) {}

  bool next(Field& field) {
    if (data_.empty()) return false;
    const uint64_t tag = varint();
    field = {static_cast<uint32_t>(tag >> 3), 0, {}};
    switch (static_cast<WireType>(tag & 7)) {
      case WireType::kVarint:
        field.value = varint();
        break;
      case WireType::kFixed64:
        field.value = fixed(8);
        break;
      case WireType::kFixed32:
        field.value = fixed(4);
        break;
      case WireType::kBytes:
        field.bytes = take(varint());
        break;
      default:
        fail();
    }
    return true;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(ErrorCode::kCorrupt, str_cat(source_, ": not a SentencePiece model"));
  }
  std::string_view take(uint64_t size) {
    if (size > data_.size()) fail();
    const std::string_view taken = data_.substr(0, size);
    data_.remove_prefix(size);
    return taken;
  }
  uint64_t fixed(size_t size) {
    uint64_t value = 0;
    std::memcpy(&value, take(size).data(), size);
    return value;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= uint64_t{byte & 0x7Fu} << shift;
      if (byte < 0x80) return value;
    }
    fail();
  }

  std::string_view data_;
  std::string_view source_;
};

float as_float(uint64_t bits) {
  const auto low = static_cast<uint32_t>(bits);
  float value = 0;
  std::memcpy(&value, &low, sizeof(value));
  return value;
}

Piece parse_piece(std::string_view bytes, std::string_view source) {
  Piece piece;
  Field field;
  for (FieldReader reader(bytes, source); reader.next(field);) {
    if (field.number == 1) piece.text = field.bytes;
    if (field.number == 2) piece.score = as_float(field.value);
    if (field.number == 3) piece.type = static_cast<PieceType>(field.value);
  }
  return piece;
}

void parse_trainer(std::string_view bytes, std::string_view source, Model& model) {
  Field field;
  for (FieldReader reader(bytes, source); reader.next(field);) {
    if (field.number == 3) model.bpe = field.value == 2;
    if (field.number == 22) model.split_by_whitespace = field.value != 0;
    if (field.number == 26) model.whitespace_runs = field.value != 0;
    if (field.number == 35) model.byte_fallback = field.value != 0;
  }
}

void parse_normalizer(std::string_view bytes, std::string_view source, Model& model) {
  Field field;
  for (FieldReader reader(bytes, source); reader.next(field);) {
    if (field.number == 1) model.normalization = field.bytes;
    if (field.number == 2) model.precompiled_charsmap = field.bytes;
    if (field.number == 3) model.add_dummy_prefix = field.value != 0;
    if (field.number == 4) model.remove_extra_whitespaces = field.value != 0;
  }
}

void put_varint(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

void put_tag(std::string& out, uint32_t number, WireType type) {
  put_varint(out, number << 3 | static_cast<uint32_t>(type));
}

void put_bytes(std::string& out, uint32_t number, std::string_view bytes) {
  put_tag(out, number, WireType::kBytes);
  put_varint(out, bytes.size());
  out.append(bytes);
}

void put_integer(std::string& out, uint32_t number, uint64_t value) {
  put_tag(out, number, WireType::kVarint);
  put_varint(out, value);
}

}  // namespace

Model parse_model(std::string_view bytes, std::string_view source) {
  Model model;
  Field field;
  for (FieldReader reader(bytes, source); reader.next(field);) {
    if (field.number == 1) model.pieces.push_back(parse_piece(field.bytes, source));
    if (field.number == 2) parse_trainer(field.bytes, source, model);
    if (field.number == 3) parse_normalizer(field.bytes, source, model);
  }
  if (model.pieces.empty()) {
    throw Error(ErrorCode::kCorrupt, str_cat(source, ": not a SentencePiece model: no pieces"));
  }
  return model;
}

std::string append_pieces(std::string bytes, const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) {
    std::string message;
    put_bytes(message, 1, piece.text);
    put_tag(message, 2, WireType::kFixed32);
    message.append(reinterpret_cast<const char*>(&piece.score), sizeof(piece.score));
    put_integer(message, 3, static_cast<uint64_t>(piece.type));
    put_bytes(bytes, 1, message);
  }
  return bytes;
}

std::string without_normalizer(std::string bytes) {
  // A singular message that comes twice is merged, the later fields winning.
  std::string message;
  put_bytes(message, 1, "identity");
  put_bytes(message, 2, "");
  for (const uint32_t flag : {3u, 4u, 5u}) put_integer(message, flag, 0);
  put_bytes(bytes, 3, message);
  return bytes;
}

}  // namespace rexbert::tokenizer
