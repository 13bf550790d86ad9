#include "rexbert/core/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "rexbert/core/strings.h"

namespace rexbert {
namespace {

// Exact for decimal fractions: "1.7" with a multiplier of 10^12 is 1,700,000,000,000.
std::optional<int64_t> scale_exactly(std::string_view digits, int64_t multiplier) {
  const bool negative = !digits.empty() && digits.front() == '-';
  if (negative) digits.remove_prefix(1);
  const size_t point = digits.find('.');
  const std::string_view whole = digits.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view() : digits.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty())) return std::nullopt;
  if (fraction.size() > 18) return std::nullopt;

  int64_t value = 0;
  for (const char c : whole) {
    if (c < '0' || c > '9') return std::nullopt;
    if (__builtin_mul_overflow(value, 10, &value)) return std::nullopt;
    if (__builtin_add_overflow(value, c - '0', &value)) return std::nullopt;
  }
  if (__builtin_mul_overflow(value, multiplier, &value)) return std::nullopt;

  __int128 numerator = 0;
  __int128 denominator = 1;
  for (const char c : fraction) {
    if (c < '0' || c > '9') return std::nullopt;
    numerator = numerator * 10 + (c - '0');
    denominator *= 10;
  }
  numerator *= multiplier;
  if (numerator % denominator != 0) return std::nullopt;
  if (__builtin_add_overflow(value, static_cast<int64_t>(numerator / denominator), &value)) {
    return std::nullopt;
  }
  return negative ? -value : value;
}

// "1.7e12"; exponents of 0 to 18.
std::optional<int64_t> parse_exponent_form(std::string_view text, size_t e) {
  std::string_view digits = text.substr(e + 1);
  if (digits.starts_with('+')) digits.remove_prefix(1);
  int exponent = 0;
  const auto [end, status] =
      std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (status != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (exponent < 0 || exponent > 18) return std::nullopt;
  int64_t multiplier = 1;
  for (int i = 0; i < exponent; ++i) multiplier *= 10;
  return scale_exactly(text.substr(0, e), multiplier);
}

}  // namespace

std::optional<int64_t> parse_count(std::string_view text) {
  if (text.empty()) return std::nullopt;
  switch (text.back()) {
    case 'k':
      return scale_exactly(text.substr(0, text.size() - 1), 1'000);
    case 'M':
      return scale_exactly(text.substr(0, text.size() - 1), 1'000'000);
    case 'G':
    case 'B':
      return scale_exactly(text.substr(0, text.size() - 1), 1'000'000'000);
    case 'T':
      return scale_exactly(text.substr(0, text.size() - 1), 1'000'000'000'000);
    default:
      break;
  }
  const size_t e = text.find_first_of("eE");
  if (e != std::string_view::npos) return parse_exponent_form(text, e);
  return scale_exactly(text, 1);
}

std::optional<int64_t> parse_bytes(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 9> kSuffixes = {{
      {"KiB", int64_t{1} << 10},
      {"MiB", int64_t{1} << 20},
      {"GiB", int64_t{1} << 30},
      {"TiB", int64_t{1} << 40},
      {"kB", 1'000},
      {"MB", 1'000'000},
      {"GB", 1'000'000'000},
      {"TB", 1'000'000'000'000},
      {"B", 1},
  }};
  for (const auto& [suffix, multiplier] : kSuffixes) {
    if (text.size() > suffix.size() && text.ends_with(suffix)) {
      return scale_exactly(str_trim(text.substr(0, text.size() - suffix.size())), multiplier);
    }
  }
  return scale_exactly(text, 1);
}

std::string format_count(int64_t value) {
  static constexpr std::array<std::pair<double, char>, 4> kSuffixes = {
      {{1e12, 'T'}, {1e9, 'B'}, {1e6, 'M'}, {1e3, 'k'}}};
  const double magnitude = std::abs(static_cast<double>(value));
  if (magnitude < 10'000) {
    std::string digits = std::to_string(value);
    const size_t first = value < 0 ? 1 : 0;
    if (digits.size() - first == 4) digits.insert(first + 1, ",");
    return digits;
  }
  for (const auto& [scale, suffix] : kSuffixes) {
    // 0.99995 of a unit and more is written as 1 of it.
    if (magnitude < 0.99995 * scale) continue;
    return str_printf("%.4g%c", static_cast<double>(value) / scale, suffix);
  }
  return std::to_string(value);
}

std::string format_bytes(uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < kUnits.size()) {
    value /= 1024;
    ++unit;
  }
  return str_printf(unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
}

std::string format_duration(double seconds) {
  if (seconds < 59.95) return str_printf("%.1f s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) {
    return str_printf("%d:%02d", static_cast<int>(whole / 60), static_cast<int>(whole % 60));
  }
  return str_printf("%lld:%02d:%02d", static_cast<long long>(whole / 3600),
                    static_cast<int>(whole / 60 % 60), static_cast<int>(whole % 60));
}

}  // namespace rexbert
