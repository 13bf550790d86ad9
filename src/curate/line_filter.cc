#include "rexbert/curate/line_filter.h"

#include <algorithm>
#include <cmath>

#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// The log-odds of the next state, given those of this one.
double step(double log_odds, double stay) {
  const double first = logistic(log_odds);
  const double next = first * stay + (1 - first) * (1 - stay);
  return std::log(next / (1 - next));
}

bool is_blank(std::string_view line) { return str_trim(line).empty(); }

// Lines that are not blank, numbered without the blank ones.
struct Solid {
  std::vector<uint32_t> line;
  std::vector<bool> kept;
};

// Calls body(begin, end) for each longest run of `value`.
template <class Body>
void for_each_run(const std::vector<bool>& flags, bool value, Body body) {
  for (size_t i = 0; i < flags.size();) {
    size_t end = i + 1;
    while (end < flags.size() && flags[end] == flags[i]) ++end;
    if (flags[i] == value) body(i, end);
    i = end;
  }
}

void set(std::vector<bool>& flags, size_t begin, size_t end, bool value) {
  std::fill(flags.begin() + static_cast<std::ptrdiff_t>(begin),
            flags.begin() + static_cast<std::ptrdiff_t>(end), value);
}

}  // namespace

std::vector<double> smooth_lines(const std::vector<double>& log_odds_L, double stay) {
  const size_t count = log_odds_L.size();
  std::vector<double> result(count);
  double ahead = 0;  // what the lines before say of this one
  for (size_t i = 0; i < count; ++i) {
    result[i] = ahead + log_odds_L[i];
    ahead = step(result[i], stay);
  }
  double back = 0;  // what the lines behind say
  for (size_t i = count; i-- > 0;) {
    result[i] = logistic(result[i] + back);
    back = step(log_odds_L[i] + back, stay);
  }
  return result;
}

LineSpans keep_lines(const std::vector<std::string_view>& lines,
                     const std::vector<double>& probability_L, double threshold,
                     const LineFilterOptions& options) {
  Solid solid;
  for (uint32_t i = 0; i < lines.size(); ++i) {
    if (is_blank(lines[i])) continue;
    solid.line.push_back(i);
    solid.kept.push_back(probability_L[i] >= threshold);
  }
  const std::vector<bool> above = solid.kept;
  for_each_run(above, false, [&](size_t begin, size_t end) {
    const bool between = begin > 0 && end < above.size();
    if (between && static_cast<int64_t>(end - begin) <= options.bridge) {
      set(solid.kept, begin, end, true);
    }
  });
  const std::vector<bool> bridged = solid.kept;
  LineSpans spans;
  for_each_run(bridged, true, [&](size_t begin, size_t end) {
    const bool all = end - begin == bridged.size();
    if (!all && static_cast<int64_t>(end - begin) < options.min_run) return;
    spans.emplace_back(solid.line[begin], solid.line[end - 1] + 1);
  });
  return spans;
}

std::string kept_text(const std::vector<std::string_view>& lines, const LineSpans& spans) {
  std::string text;
  for (const auto& [begin, end] : spans) {
    for (uint32_t i = begin; i < end; ++i) {
      if (!text.empty()) text += '\n';
      text += lines[i];
    }
  }
  return text;
}

const char* reason_to_drop(size_t document_bytes, size_t kept_bytes,
                           const LineFilterOptions& options) {
  if (kept_bytes == 0) return "no line";
  const auto kept = static_cast<double>(kept_bytes);
  if (kept < options.min_share * static_cast<double>(document_bytes)) return "share";
  if (static_cast<int64_t>(kept_bytes) < options.min_bytes) return "length";
  return nullptr;
}

}  // namespace rexbert::curate
