#include <algorithm>
#include <array>
#include <limits>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/value.h"

namespace rexbert::shard {
namespace {

struct DTypeEntry {
  DType dtype;
  std::string_view name;
  size_t size;
};

constexpr std::array<DTypeEntry, 11> kDTypes = {{{DType::kUint8, "uint8", 1},
                                                 {DType::kInt8, "int8", 1},
                                                 {DType::kUint16, "uint16", 2},
                                                 {DType::kInt16, "int16", 2},
                                                 {DType::kFloat16, "float16", 2},
                                                 {DType::kUint32, "uint32", 4},
                                                 {DType::kInt32, "int32", 4},
                                                 {DType::kFloat32, "float32", 4},
                                                 {DType::kUint64, "uint64", 8},
                                                 {DType::kInt64, "int64", 8},
                                                 {DType::kFloat64, "float64", 8}}};

const DTypeEntry& entry_of(DType dtype) {
  for (const DTypeEntry& entry : kDTypes) {
    if (entry.dtype == dtype) return entry;
  }
  throw Error(ErrorCode::kInternal, "unknown dtype");
}

[[noreturn]] void throw_array(std::string_view problem) {
  throw Error(ErrorCode::kCorrupt, str_cat("array: ", problem));
}

uint64_t little_endian(std::string_view data, size_t size) {
  uint64_t value = 0;
  std::memcpy(&value, data.data(), size);
  return value;
}

// The product of dimensions, refused when it cannot be the size of a value below 4 GiB.
uint64_t element_count(std::span<const uint64_t> shape) {
  uint64_t elements = 1;
  for (const uint64_t dimension : shape) {
    if (dimension == 0) throw_array("expected dimensions above 0, got 0");
    if (dimension > std::numeric_limits<uint32_t>::max() / elements) {
      throw_array("expected below 2^32 elements, got more");
    }
    elements *= dimension;
  }
  return elements;
}

}  // namespace

std::string_view dtype_name(DType dtype) { return entry_of(dtype).name; }
size_t dtype_size(DType dtype) { return entry_of(dtype).size; }

std::optional<DType> parse_dtype(std::string_view text) {
  for (const DTypeEntry& entry : kDTypes) {
    if (entry.name == text) return entry.dtype;
  }
  return std::nullopt;
}

std::optional<DType> dtype_from_code(uint8_t code) {
  for (const DTypeEntry& entry : kDTypes) {
    if (static_cast<uint8_t>(entry.dtype) == code) return entry.dtype;
  }
  return std::nullopt;
}

ArrayHead parse_array_head(const Encoding& encoding, std::string_view data,
                           std::vector<uint64_t>* shape) {
  ArrayHead head;
  const auto take = [&](size_t size) {
    if (data.size() - head.values_begin < size) {
      throw_array(str_cat("expected a head of at least ", head.values_begin + size,
                          " bytes, got a value of ", data.size()));
    }
    const std::string_view taken = data.substr(head.values_begin, size);
    head.values_begin += size;
    return taken;
  };
  if (encoding.dtype()) {
    head.dtype = *encoding.dtype();
  } else {
    const auto code = static_cast<uint8_t>(take(1)[0]);
    const std::optional<DType> dtype = dtype_from_code(code);
    if (!dtype) throw_array(str_cat("expected a dtype code, got ", int{code}));
    head.dtype = *dtype;
  }
  std::array<uint64_t, 64> dimensions;
  if (encoding.shape()) {
    head.dimensions = std::min(encoding.shape()->size(), dimensions.size());
    std::copy_n(encoding.shape()->begin(), head.dimensions, dimensions.begin());
  } else {
    const auto byte = static_cast<uint8_t>(take(1)[0]);
    head.dimensions = byte >> 2;
    if (head.dimensions == 0) throw_array("expected 1 to 63 dimensions, got 0");
    const size_t size = size_t{1} << (byte & 3);
    for (size_t i = 0; i < head.dimensions; ++i) dimensions[i] = little_endian(take(size), size);
  }
  const std::span<const uint64_t> used(dimensions.data(), head.dimensions);
  head.elements = element_count(used);
  const uint64_t expected = head.values_begin + head.elements * dtype_size(head.dtype);
  if (data.size() != expected) {
    throw_array(str_cat("expected ", expected, " bytes (", head.elements, " values of ",
                        dtype_name(head.dtype), "), got ", data.size()));
  }
  if (shape != nullptr) shape->assign(used.begin(), used.end());
  return head;
}

}  // namespace rexbert::shard
