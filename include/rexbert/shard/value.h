#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "rexbert/core/json.h"

namespace rexbert::shard {

// Element types of arrays; the numbers are the codes in the file.
enum class DType : uint8_t {
  kUint8 = 8,
  kInt8 = 9,
  kUint16 = 16,
  kInt16 = 17,
  kFloat16 = 18,
  kUint32 = 32,
  kInt32 = 33,
  kFloat32 = 34,
  kUint64 = 64,
  kInt64 = 65,
  kFloat64 = 66,
};

std::string_view dtype_name(DType dtype);
size_t dtype_size(DType dtype);
// "uint16" and so on; nothing for another text.
std::optional<DType> parse_dtype(std::string_view text);
std::optional<DType> dtype_from_code(uint8_t code);

template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, double>) return DType::kFloat64;
  if constexpr (std::is_same_v<T, float>) return DType::kFloat32;
  return static_cast<DType>(sizeof(T) * 8 + (std::is_signed_v<T> ? 1 : 0));
}

// A numpy array: values in C order, little-endian.
struct NdArray {
  DType dtype = DType::kUint8;
  std::vector<uint64_t> shape;
  std::string values;

  uint64_t elements() const { return values.size() / dtype_size(dtype); }

  template <class T>
  static NdArray from(std::span<const T> values) {
    static_assert(std::is_arithmetic_v<T>);
    NdArray array{dtype_of<T>(), {values.size()}, std::string(values.size_bytes(), '\0')};
    if (!values.empty()) std::memcpy(array.values.data(), values.data(), values.size_bytes());
    return array;
  }

  bool operator==(const NdArray&) const = default;
};

// One column's value in one sample. What each encoding takes and gives:
//   bytes, str, str_decimal                            std::string
//   int, int8..int64, uint8..uint64                    int64_t; uint64_t where above int64
//   str_int                                            the same; std::string of digits where above
//   uint64 float16, float32, float64, str_float               double ndarray... NdArray json Json
using Value = std::variant<std::string, int64_t, uint64_t, double, NdArray, Json>;

// A parsed column encoding.
class Encoding {
 public:
  enum class Kind {
    kBytes,
    kString,
    kInteger,
    kFloat,
    kStringInteger,
    kStringFloat,
    kStringDecimal,
    kJson,
    kArray,
    kPickle,
    kImage,
  };

  // Throws Error(kIncompatible) for a name that MDS does not know or arguments that it does not
  // take. `pkl` and the image types parse (other columns beside them stay readable); coding them
  // throws.
  static Encoding parse(std::string_view text);

  const std::string& text() const { return text_; }
  Kind kind() const { return kind_; }
  // The size in bytes of every value; nothing where values differ in size.
  std::optional<uint32_t> size() const { return size_; }
  // Of integers and floats: always; of arrays: where the encoding names it.
  std::optional<DType> dtype() const { return dtype_; }
  // Of arrays, where the encoding names it.
  const std::optional<std::vector<uint64_t>>& shape() const { return shape_; }

  // Appends the encoded value to `out`. Throws Error(kUsage) when the value is not of this
  // encoding: other type, out of range, an array without elements or with another dtype or shape.
  void encode(const Value& value, std::string& out) const;

  // Throws Error(kCorrupt) "expected ..., got ..." when the bytes are no value of this encoding,
  // and Error(kIncompatible) for pkl and images.
  Value decode(std::string_view data) const;

  // Throws Error(kIncompatible) for pkl and images.
  void check_codable() const;

 private:
  std::string text_;
  Kind kind_ = Kind::kBytes;
  std::optional<uint32_t> size_;
  std::optional<DType> dtype_;
  std::optional<std::vector<uint64_t>> shape_;
};

// The head of an encoded array: its dtype and shape and where its values begin.
struct ArrayHead {
  DType dtype = DType::kUint8;
  uint64_t elements = 0;
  size_t dimensions = 0;
  size_t values_begin = 0;  // bytes into the encoded value
};

// Parses and checks the head against the size of the value: values_begin + elements * dtype_size ==
// data.size(). `shape`, when given, receives the dimensions. Throws Error(kCorrupt).
ArrayHead parse_array_head(const Encoding& encoding, std::string_view data,
                           std::vector<uint64_t>* shape = nullptr);

// JSON as Python's json.dumps writes it: ", " and ": " between, non-ASCII escaped; keys sorted.
std::string dump_python_json(const Json& json);

}  // namespace rexbert::shard
