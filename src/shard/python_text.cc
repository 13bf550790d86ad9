#include "shard/python_text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/value.h"

namespace rexbert::shard {
namespace {

void dump_to(const Json& json, std::string& out) {
  const char* separator = "";
  switch (json.type()) {
    case Json::value_t::object:
      out += '{';
      for (const auto& [key, member] : json.items()) {
        out += separator;
        out += Json(key).dump(-1, ' ', true);
        out += ": ";
        dump_to(member, out);
        separator = ", ";
      }
      out += '}';
      return;
    case Json::value_t::array:
      out += '[';
      for (const Json& member : json) {
        out += separator;
        dump_to(member, out);
        separator = ", ";
      }
      out += ']';
      return;
    case Json::value_t::number_float:
      if (!std::isfinite(json.get<double>())) {
        throw Error(ErrorCode::kUsage, "JSON has no infinite numbers and no NaN");
      }
      out += python_float(json.get<double>());
      return;
    default:
      out += json.dump(-1, ' ', true);
  }
}

}  // namespace

std::string dump_python_json(const Json& json) {
  std::string out;
  try {
    dump_to(json, out);
  } catch (const Json::exception&) {
    throw Error(ErrorCode::kUsage, "JSON text must be UTF-8");
  }
  return out;
}

std::string python_float(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
  std::string digits(text, end.ptr);
  const size_t e = digits.find('e');
  const int exponent = std::atoi(digits.c_str() + e + 1);
  std::string out;
  if (digits[0] == '-') {
    out = "-";
    digits = digits.substr(1, e - 1);
  } else {
    digits.resize(e);
  }
  if (exponent < -4 || exponent >= 16) {
    return out + digits + str_printf("e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
  }
  std::erase(digits, '.');
  if (exponent < 0) {
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  }
  const size_t whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) digits.append(whole + 1 - digits.size(), '0');
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

bool is_utf8(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<uint8_t>(text[at]); };
  size_t at = 0;
  while (at < text.size()) {
    uint64_t eight;
    if (at + 8 <= text.size()) {
      std::memcpy(&eight, text.data() + at, 8);
      if ((eight & 0x8080808080808080u) == 0) {
        at += 8;
        continue;
      }
    }
    const uint8_t first = byte(at);
    if (first < 0x80) {
      ++at;
      continue;
    }
    const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return false;
    for (size_t i = 1; i < length; ++i) {
      if ((byte(at + i) & 0xc0) != 0x80) return false;
    }
    const uint8_t second = byte(at + 1);
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
      return false;
    }
    at += length;
  }
  return true;
}

}  // namespace rexbert::shard
