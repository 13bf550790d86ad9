#include "rexbert/config/codec.h"

#include <charconv>
#include <cmath>

#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert::config {
namespace {

std::string written(double limit) { return str_printf("%.10g", limit); }

}  // namespace

bool Limits::allows(double value) const {
  const bool high_enough = above_minimum ? value > minimum : value >= minimum;
  return high_enough && value <= maximum;
}

std::string Limits::described() const {
  const bool has_minimum = std::isfinite(minimum);
  const bool has_maximum = std::isfinite(maximum);
  if (has_minimum && has_maximum) {
    return str_cat(above_minimum ? " above " : " from ", written(minimum),
                   above_minimum ? " and up to " : " to ", written(maximum));
  }
  if (has_minimum) return str_cat(above_minimum ? " above " : " of at least ", written(minimum));
  if (has_maximum) return str_cat(" of at most ", written(maximum));
  return "";
}

bool read_bool(const Node& node, bool& out) {
  if (node.kind != NodeKind::kScalar || node.quoted) return false;
  if (node.scalar != "true" && node.scalar != "false") return false;
  out = node.scalar == "true";
  return true;
}

bool read_integer(const Node& node, NumberForm form, int64_t& out) {
  if (node.kind != NodeKind::kScalar || node.quoted) return false;
  std::optional<int64_t> value;
  switch (form) {
    case NumberForm::kPlain: {
      int64_t parsed = 0;
      const char* end = node.scalar.data() + node.scalar.size();
      const auto [stop, status] = std::from_chars(node.scalar.data(), end, parsed);
      if (status == std::errc() && stop == end) value = parsed;
      break;
    }
    case NumberForm::kCount:
      value = parse_count(node.scalar);
      break;
    case NumberForm::kBytes:
      value = parse_bytes(node.scalar);
      break;
  }
  if (value) out = *value;
  return value.has_value();
}

bool read_double(const Node& node, double& out) {
  if (node.kind != NodeKind::kScalar || node.quoted) return false;
  double value = 0;
  const char* end = node.scalar.data() + node.scalar.size();
  const auto [stop, status] = std::from_chars(node.scalar.data(), end, value);
  if (status != std::errc() || stop != end || !std::isfinite(value)) return false;
  out = value;
  return true;
}

std::string write_double(double value) {
  char buffer[64];
  const double magnitude = std::abs(value);
  const bool plain = magnitude == 0 || (magnitude >= 1e-3 && magnitude < 1e7);
  const auto format = plain ? std::chars_format::fixed : std::chars_format::scientific;
  const auto [end, status] = std::to_chars(buffer, buffer + sizeof(buffer), value, format);
  std::string text(buffer, end);
  // People write 8e-4, to_chars 8e-04.
  if (const size_t e = text.find('e'); e != std::string::npos) {
    const bool negative = text[e + 1] == '-';
    const size_t digits = text.find_first_not_of("+-0", e + 1);
    text = text.substr(0, e) + (negative ? "e-" : "e") + text.substr(digits);
  }
  return text;
}

std::string write_integer(int64_t value, NumberForm form) {
  if (form == NumberForm::kCount) {
    // The shortest form that reads back as the same number.
    const std::string text = format_count(value);
    if (parse_count(text) == value) return text;
  }
  if (form == NumberForm::kBytes) {
    static constexpr std::pair<int64_t, const char*> kSuffixes[] = {
        {int64_t{1} << 40, "TiB"}, {int64_t{1} << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}};
    for (const auto& [scale, suffix] : kSuffixes) {
      if (value >= scale && value % scale == 0) return str_cat(value / scale, suffix);
    }
  }
  return std::to_string(value);
}

std::string integer_type_name(NumberForm form) {
  switch (form) {
    case NumberForm::kPlain:
      return "a whole number";
    case NumberForm::kCount:
      return "a count such as 1.7T, 50B or 10M";
    case NumberForm::kBytes:
      return "a size such as 64MiB";
  }
  return "a whole number";
}

}  // namespace rexbert::config
