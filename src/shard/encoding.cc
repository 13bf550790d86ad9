#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/value.h"
#include "shard/python_text.h"

namespace rexbert::shard {
namespace {

using Kind = Encoding::Kind;

struct Scalar {
  Kind kind;
  std::optional<DType> dtype;
};

const std::map<std::string, Scalar, std::less<>>& scalar_encodings() {
  static const std::map<std::string, Scalar, std::less<>> kEncodings = [] {
    std::map<std::string, Scalar, std::less<>> all = {{"bytes", {Kind::kBytes, {}}},
                                                      {"str", {Kind::kString, {}}},
                                                      {"int", {Kind::kInteger, DType::kInt64}},
                                                      {"str_int", {Kind::kStringInteger, {}}},
                                                      {"str_float", {Kind::kStringFloat, {}}},
                                                      {"str_decimal", {Kind::kStringDecimal, {}}},
                                                      {"json", {Kind::kJson, {}}},
                                                      {"pkl", {Kind::kPickle, {}}}};
    for (const char* name :
         {"uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"}) {
      all[name] = {Kind::kInteger, parse_dtype(name)};
    }
    for (const char* name : {"float16", "float32", "float64"}) {
      all[name] = {Kind::kFloat, parse_dtype(name)};
    }
    for (const char* name : {"pil", "jpeg", "jpeg_array", "jpegarray", "png", "list[pil]",
                             "list[jpeg]", "list[png]"}) {
      all[name] = {Kind::kImage, {}};
    }
    return all;
  }();
  return kEncodings;
}

[[noreturn]] void throw_encoding(std::string_view text, std::string_view problem) {
  throw Error(ErrorCode::kIncompatible, str_cat("encoding ", str_quote(text), ": ", problem));
}

std::vector<uint64_t> parse_shape(std::string_view text, std::string_view encoding) {
  std::vector<uint64_t> shape;
  for (const std::string& part : str_split(text, ',')) {
    uint64_t dimension = 0;
    const auto end = std::from_chars(part.data(), part.data() + part.size(), dimension);
    if (end.ec != std::errc() || end.ptr != part.data() + part.size() || dimension == 0) {
      throw_encoding(encoding, str_cat("expected dimensions above 0, got ", str_quote(text)));
    }
    shape.push_back(dimension);
  }
  if (shape.size() > 63) throw_encoding(encoding, "expected at most 63 dimensions");
  return shape;
}

const char* value_type(const Value& value) {
  static constexpr const char* kNames[] = {"text",    "an integer", "an integer",
                                           "a float", "an array",   "JSON"};
  return kNames[value.index()];
}

[[noreturn]] void throw_value(std::string_view expected, std::string_view got) {
  throw Error(ErrorCode::kUsage, str_cat("expected ", expected, ", got ", got));
}

template <class T>
const T& get_as(const Value& value, std::string_view expected) {
  if (const T* held = std::get_if<T>(&value)) return *held;
  throw_value(expected, value_type(value));
}

template <class T>
void append_raw(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <class T>
T load_raw(std::string_view data) {
  T value;
  std::memcpy(&value, data.data(), sizeof(T));
  return value;
}

// Calls body(T{}) for the integer type T that the dtype names.
template <class Body>
void with_integer_type(DType dtype, Body&& body) {
  switch (dtype) {
    case DType::kUint8:
      return body(uint8_t{});
    case DType::kInt8:
      return body(int8_t{});
    case DType::kUint16:
      return body(uint16_t{});
    case DType::kInt16:
      return body(int16_t{});
    case DType::kUint32:
      return body(uint32_t{});
    case DType::kInt32:
      return body(int32_t{});
    case DType::kUint64:
      return body(uint64_t{});
    default:
      return body(int64_t{});
  }
}

void encode_integer(DType dtype, const Value& value, std::string& out) {
  with_integer_type(dtype, [&](auto type) {
    using T = decltype(type);
    if (const int64_t* number = std::get_if<int64_t>(&value)) {
      if (!std::in_range<T>(*number)) throw_value(dtype_name(dtype), std::to_string(*number));
      append_raw(out, static_cast<T>(*number));
    } else {
      const uint64_t large = get_as<uint64_t>(value, "an integer");
      if (!std::in_range<T>(large)) throw_value(dtype_name(dtype), std::to_string(large));
      append_raw(out, static_cast<T>(large));
    }
  });
}

Value integer_value(uint64_t number) {
  if (std::in_range<int64_t>(number)) return static_cast<int64_t>(number);
  return number;
}

Value decode_integer(DType dtype, std::string_view data) {
  Value value;
  with_integer_type(dtype, [&](auto type) {
    using T = decltype(type);
    const T number = load_raw<T>(data);
    if constexpr (std::is_signed_v<T>) {
      value = static_cast<int64_t>(number);
    } else {
      value = integer_value(number);
    }
  });
  return value;
}

// Rounds to nearest, ties to even.
uint16_t half_from_double(double value) {
  const auto sign = static_cast<uint16_t>(std::signbit(value) ? 0x8000 : 0);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00);
  const double magnitude = std::fabs(value);
  if (magnitude >= 65520.0) return static_cast<uint16_t>(sign | 0x7c00);
  if (magnitude == 0.0) return sign;
  const int exponent = std::max(std::ilogb(magnitude), -14);
  const auto steps = static_cast<int>(std::nearbyint(std::ldexp(magnitude, 10 - exponent)));
  return static_cast<uint16_t>(sign | (((exponent + 14) << 10) + steps));
}

double double_from_half(uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  double magnitude;
  if (exponent == 31) {
    magnitude = fraction == 0 ? std::numeric_limits<double>::infinity()
                              : std::numeric_limits<double>::quiet_NaN();
  } else if (exponent == 0) {
    magnitude = std::ldexp(fraction, -24);
  } else {
    magnitude = std::ldexp(1024 + fraction, exponent - 25);
  }
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

void encode_float(DType dtype, double value, std::string& out) {
  if (dtype == DType::kFloat16) return append_raw(out, half_from_double(value));
  if (dtype == DType::kFloat32) return append_raw(out, static_cast<float>(value));
  append_raw(out, value);
}

double decode_float(DType dtype, std::string_view data) {
  if (dtype == DType::kFloat16) return double_from_half(load_raw<uint16_t>(data));
  if (dtype == DType::kFloat32) return load_raw<float>(data);
  return load_raw<double>(data);
}

size_t count_digits(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

void skip_sign(std::string_view& text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
}

bool is_integer_text(std::string_view text) {
  if (!text.empty() && text[0] == '-') text.remove_prefix(1);
  return !text.empty() && count_digits(text) == text.size();
}

// What Python's str(Decimal) can give.
bool is_decimal_text(std::string_view text) {
  skip_sign(text);
  if (text == "Infinity" || text == "NaN" || text == "sNaN") return true;
  const size_t whole = count_digits(text);
  text.remove_prefix(whole);
  size_t fraction = 0;
  if (!text.empty() && text[0] == '.') {
    text.remove_prefix(1);
    fraction = count_digits(text);
    text.remove_prefix(fraction);
  }
  if (whole + fraction == 0) return false;
  if (text.empty()) return true;
  if (text[0] != 'E' && text[0] != 'e') return false;
  text.remove_prefix(1);
  skip_sign(text);
  return !text.empty() && count_digits(text) == text.size();
}

[[noreturn]] void throw_data(std::string_view expected, std::string_view data) {
  throw Error(ErrorCode::kCorrupt, str_cat("expected ", expected, ", got ", str_quote(data)));
}

std::string encode_string_integer(const Value& value) {
  if (const int64_t* number = std::get_if<int64_t>(&value)) return std::to_string(*number);
  if (const uint64_t* number = std::get_if<uint64_t>(&value)) return std::to_string(*number);
  const std::string& text = get_as<std::string>(value, "an integer");
  if (!is_integer_text(text)) throw_value("an integer", str_quote(text));
  return text;
}

Value decode_string_integer(std::string_view data) {
  if (!is_integer_text(data)) throw_data("an integer in digits", data);
  int64_t number = 0;
  const char* const end = data.data() + data.size();
  if (std::from_chars(data.data(), end, number).ec == std::errc()) return number;
  uint64_t large = 0;
  if (std::from_chars(data.data(), end, large).ec == std::errc()) return large;
  return std::string(data);
}

double decode_string_float(std::string_view data) {
  double number = 0;
  const char* const end = data.data() + data.size();
  const auto parsed = std::from_chars(data.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end) throw_data("a float in digits", data);
  return number;
}

void encode_array(const Encoding& encoding, const NdArray& array, std::string& out) {
  if (encoding.dtype() && *encoding.dtype() != array.dtype) {
    throw_value(str_cat("an array of ", dtype_name(*encoding.dtype())),
                str_cat("one of ", dtype_name(array.dtype)));
  }
  if (array.shape.empty() || array.shape.size() > 63) {
    throw_value("an array of 1 to 63 dimensions", std::to_string(array.shape.size()));
  }
  uint64_t elements = 1;
  for (const uint64_t dimension : array.shape) elements *= dimension;
  if (elements == 0) throw_value("an array with elements", "an empty one, which MDS cannot hold");
  if (elements * dtype_size(array.dtype) != array.values.size()) {
    throw_value(str_cat(elements, " values of ", dtype_name(array.dtype)),
                str_cat(array.values.size(), " bytes"));
  }
  if (!encoding.dtype()) out.push_back(static_cast<char>(array.dtype));
  if (encoding.shape()) {
    if (*encoding.shape() != array.shape) throw_value("the shape of the encoding", "another shape");
  } else {
    const uint64_t largest = *std::max_element(array.shape.begin(), array.shape.end());
    const int k = largest < (1u << 8)             ? 0
                  : largest < (1u << 16)          ? 1
                  : largest < (uint64_t{1} << 32) ? 2
                                                  : 3;
    out.push_back(static_cast<char>((array.shape.size() << 2) | static_cast<size_t>(k)));
    for (const uint64_t dimension : array.shape) {
      out.append(reinterpret_cast<const char*>(&dimension), size_t{1} << k);
    }
  }
  out += array.values;
}

}  // namespace

Encoding Encoding::parse(std::string_view text) {
  Encoding encoding;
  encoding.text_ = text;
  const auto& scalars = scalar_encodings();
  if (const auto found = scalars.find(text); found != scalars.end()) {
    encoding.kind_ = found->second.kind;
    encoding.dtype_ = found->second.dtype;
    if (encoding.dtype_) encoding.size_ = static_cast<uint32_t>(dtype_size(*encoding.dtype_));
    return encoding;
  }
  const std::vector<std::string> parts = str_split(text, ':');
  if (parts[0] != "ndarray" || parts.size() > 3) throw_encoding(text, "unknown to MDS version 2");
  encoding.kind_ = Kind::kArray;
  if (parts.size() == 1) return encoding;
  encoding.dtype_ = parse_dtype(parts[1]);
  if (!encoding.dtype_) {
    throw_encoding(text, str_cat("expected a dtype, got ", str_quote(parts[1])));
  }
  if (parts.size() == 2) return encoding;
  encoding.shape_ = parse_shape(parts[2], text);
  uint64_t size = dtype_size(*encoding.dtype_);
  for (const uint64_t dimension : *encoding.shape_) {
    if (dimension > std::numeric_limits<uint32_t>::max() / size) {
      throw_encoding(text, "expected a value below 4 GiB");
    }
    size *= dimension;
  }
  encoding.size_ = static_cast<uint32_t>(size);
  return encoding;
}

void Encoding::check_codable() const {
  if (kind_ == Kind::kPickle) {
    throw_encoding(text_, "refused: reading a pickle can run any code that it holds");
  }
  if (kind_ == Kind::kImage) throw_encoding(text_, "images are not supported");
}

void Encoding::encode(const Value& value, std::string& out) const {
  check_codable();
  switch (kind_) {
    case Kind::kBytes:
      out += get_as<std::string>(value, "bytes");
      return;
    case Kind::kString: {
      const std::string& text = get_as<std::string>(value, "text");
      if (!is_utf8(text)) throw_value("UTF-8", str_quote(text));
      out += text;
      return;
    }
    case Kind::kInteger:
      return encode_integer(*dtype_, value, out);
    case Kind::kFloat:
      return encode_float(*dtype_, get_as<double>(value, "a float"), out);
    case Kind::kStringInteger:
      out += encode_string_integer(value);
      return;
    case Kind::kStringFloat:
      out += python_float(get_as<double>(value, "a float"));
      return;
    case Kind::kStringDecimal: {
      const std::string& text = get_as<std::string>(value, "a decimal number");
      if (!is_decimal_text(text)) throw_value("a decimal number", str_quote(text));
      out += text;
      return;
    }
    case Kind::kJson:
      out += dump_python_json(get_as<Json>(value, "JSON"));
      return;
    default:
      encode_array(*this, get_as<NdArray>(value, "an array"), out);
  }
}

Value Encoding::decode(std::string_view data) const {
  check_codable();
  if (size_ && data.size() != *size_) {
    throw Error(ErrorCode::kCorrupt, str_cat("expected ", *size_, " bytes, got ", data.size()));
  }
  switch (kind_) {
    case Kind::kBytes:
      return std::string(data);
    case Kind::kString:
      if (!is_utf8(data)) throw_data("UTF-8", data);
      return std::string(data);
    case Kind::kInteger:
      return decode_integer(*dtype_, data);
    case Kind::kFloat:
      return decode_float(*dtype_, data);
    case Kind::kStringInteger:
      return decode_string_integer(data);
    case Kind::kStringFloat:
      return decode_string_float(data);
    case Kind::kStringDecimal:
      if (!is_decimal_text(data)) throw_data("a decimal number", data);
      return std::string(data);
    case Kind::kJson:
      return parse_json(data, "value");
    default: {
      NdArray array;
      const ArrayHead head = parse_array_head(*this, data, &array.shape);
      array.dtype = head.dtype;
      array.values = data.substr(head.values_begin);
      return array;
    }
  }
}

}  // namespace rexbert::shard
