#include "rexbert/html/svg_chart.h"

#include <algorithm>
#include <limits>

#include "rexbert/core/strings.h"
#include "rexbert/html/page.h"

namespace rexbert::html {
namespace {

constexpr double kWidth = 320;

std::string number(double value) { return str_printf("%.1f", value); }

std::string percent(double share) { return str_printf("%.1f %%", share * 100); }

std::string open_svg(const std::string& alt, double height) {
  return str_cat("<svg viewBox=\"0 0 ", number(kWidth), " ", number(height),
                 "\" role=\"img\" aria-label=\"", escape(alt), "\"><title>", escape(alt),
                 "</title>\n");
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return str_cat("<text x=\"", number(x), "\" y=\"", number(y), "\" text-anchor=\"", anchor, "\">",
                 escape(text), "</text>\n");
}

// As many pixels as a text may take at the most, at the page's 12 pixels a line.
double most_width(std::string_view text) {
  double width = 0;
  for (const char c : text) {
    const bool goes_on = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    const bool narrow = static_cast<unsigned char>(c) < 0x80 && !(c >= 'A' && c <= 'Z');
    if (!goes_on) width += narrow ? 7.5 : 12;
  }
  return width;
}

// The text, or its beginning and "...", where it would be wider than that.
std::string fitted(const std::string& text, double width) {
  size_t characters = 60;
  std::string shown = cut(text, characters);
  while (characters > 0 && most_width(shown) > width) shown = cut(text, --characters);
  return shown;
}

std::string rectangle(double x, double y, double width, double height, bool second) {
  return str_cat("<rect class=\"", second ? "b" : "a", "\" x=\"", number(x), "\" y=\"", number(y),
                 "\" width=\"", number(width), "\" height=\"", number(height), "\"/>\n");
}

std::string axis(double x1, double y1, double x2, double y2) {
  return str_cat("<line class=\"axis\" x1=\"", number(x1), "\" y1=\"", number(y1), "\" x2=\"",
                 number(x2), "\" y2=\"", number(y2), "\"/>\n");
}

std::string rounded(double value, int decimals) { return str_printf("%.*f", decimals, value); }

std::string circle(const char* style, double x, double y, double radius) {
  return str_cat("<circle class=\"", style, "\" cx=\"", number(x), "\" cy=\"", number(y), "\" r=\"",
                 number(radius), "\"/>\n");
}

std::string polyline(const char* style, const std::string& points) {
  return str_cat("<polyline class=\"", style, "\" points=\"", points, "\"/>\n");
}

// The lowest and the highest of what a row draws.
struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

bool has_whisker(const Repeats& row) { return row.deviation > 0; }

Range range_of(const std::vector<Repeats>& rows) {
  Range range;
  for (const Repeats& row : rows) {
    for (const double value : row.values) range.take(value);
    if (row.values.empty() || !has_whisker(row)) continue;
    range.take(row.mean - row.deviation);
    range.take(row.mean + row.deviation);
  }
  return range;
}

std::string legend(const std::vector<std::string>& names) {
  std::string svg;
  double x = 0;
  for (size_t i = 0; i < names.size(); ++i) {
    svg += rectangle(x, 2, 9, 9, i == 1);
    svg += text_at(x + 13, 11, "start", fitted(names[i], kWidth / 2 - 18));
    x += kWidth / 2;
  }
  return svg;
}

}  // namespace

std::string bar_chart(const std::string& alt, const std::vector<Bar>& bars, double full) {
  constexpr double kRow = 30;
  constexpr double kGap = 8;
  std::string svg = open_svg(alt, kRow * static_cast<double>(bars.size()));
  double y = 0;
  for (const Bar& bar : bars) {
    svg += text_at(0, y + 12, "start", fitted(bar.label, kWidth - kGap - most_width(bar.shown)));
    svg += text_at(kWidth, y + 12, "end", bar.shown);
    const double width = full > 0 ? bar.value / full * kWidth : 0;
    svg += rectangle(0, y + 16, width, 9, bar.second);
    y += kRow;
  }
  return svg + "</svg>\n";
}

std::string column_chart(const std::string& alt, const std::vector<std::string>& bins,
                         const std::vector<Series>& series, size_t label_every) {
  constexpr double kTop = 34;
  constexpr double kBottom = 150;
  double highest = 0;
  for (const Series& one : series) {
    for (const double share : one.shares) highest = std::max(highest, share);
  }
  std::string svg = open_svg(alt, kBottom + 18);
  std::vector<std::string> names;
  for (const Series& one : series) names.push_back(one.name);
  svg += legend(names);
  svg += text_at(0, kTop - 6, "start", percent(highest)) + axis(0, kTop, kWidth, kTop);
  const double bin_width = kWidth / static_cast<double>(std::max<size_t>(1, bins.size()));
  const double column = bin_width * 0.86 / static_cast<double>(std::max<size_t>(1, series.size()));
  for (size_t i = 0; i < bins.size(); ++i) {
    const double left = bin_width * static_cast<double>(i);
    for (size_t s = 0; s < series.size(); ++s) {
      const double share = series[s].shares[i];
      const double height = highest > 0 ? share / highest * (kBottom - kTop) : 0;
      svg += rectangle(left + column * static_cast<double>(s), kBottom - height, column, height,
                       s == 1);
    }
    if (i % label_every == 0) svg += text_at(left, kBottom + 14, "start", bins[i]);
  }
  return svg + axis(0, kBottom, kWidth, kBottom) + "</svg>\n";
}

std::string curve_chart(const std::string& alt, const std::string& x_name,
                        const std::string& y_name, const std::vector<Point>& points,
                        const Point& marked) {
  constexpr double kLeft = 28;
  constexpr double kRight = kWidth - 8;
  constexpr double kTop = 22;
  constexpr double kBottom = 190;
  const auto x_of = [&](double x) { return kLeft + x * (kRight - kLeft); };
  const auto y_of = [&](double y) { return kBottom - y * (kBottom - kTop); };
  std::string svg = open_svg(alt, kBottom + 34);
  svg += axis(kLeft, kBottom, kRight, kBottom) + axis(kLeft, kTop, kLeft, kBottom);
  for (const double tick : {0.0, 0.5, 1.0}) {
    const char* anchor = tick == 0 ? "start" : tick == 1 ? "end" : "middle";
    svg += text_at(x_of(tick), kBottom + 14, anchor, number(tick));
    svg += text_at(kLeft - 4, y_of(tick) + 4, "end", number(tick));
  }
  svg += text_at((kLeft + kRight) / 2, kBottom + 29, "middle", x_name);
  svg += text_at(0, 11, "start", y_name);
  std::string path;
  for (const Point& point : points) {
    path += str_cat(path.empty() ? "" : " ", number(x_of(point.x)), ",", number(y_of(point.y)));
  }
  svg += polyline("line", path) + circle("mark", x_of(marked.x), y_of(marked.y), 5);
  return svg + "</svg>\n";
}

std::string repeats_chart(const std::string& alt, const std::vector<Repeats>& rows, int decimals) {
  constexpr double kRow = 38;
  constexpr double kGap = 8;
  constexpr double kEdge = 6;  // a dot on either end stays inside
  const Range range = range_of(rows);
  const double bottom = kRow * static_cast<double>(rows.size());
  std::string svg = open_svg(alt, bottom + 18);
  const auto x_of = [&](double value) {
    if (range.high <= range.low) return kWidth / 2;
    return kEdge + (value - range.low) / (range.high - range.low) * (kWidth - 2 * kEdge);
  };
  double y = 0;
  for (const Repeats& row : rows) {
    svg += text_at(0, y + 12, "start", fitted(row.label, kWidth - kGap - most_width(row.shown)));
    svg += text_at(kWidth, y + 12, "end", row.shown);
    const double middle = y + 24;
    svg += axis(0, middle, kWidth, middle);
    y += kRow;
    if (row.values.empty()) continue;
    if (has_whisker(row)) {
      svg += str_cat("<line class=\"", row.second ? "whisker-b" : "whisker-a", "\" x1=\"",
                     number(x_of(row.mean - row.deviation)), "\" y1=\"", number(middle), "\" x2=\"",
                     number(x_of(row.mean + row.deviation)), "\" y2=\"", number(middle), "\"/>\n");
    }
    svg += circle(row.second ? "b" : "a", x_of(row.mean), middle, 5);
    for (const double value : row.values) svg += circle("value", x_of(value), middle, 3);
  }
  if (range.high < range.low) return svg + "</svg>\n";
  if (range.high == range.low) {
    return svg + text_at(kWidth / 2, bottom + 12, "middle", rounded(range.low, decimals)) +
           "</svg>\n";
  }
  return svg + text_at(0, bottom + 12, "start", rounded(range.low, decimals)) +
         text_at(kWidth, bottom + 12, "end", rounded(range.high, decimals)) + "</svg>\n";
}

std::string line_chart(const std::string& alt, const std::string& x_name, const std::string& y_name,
                       const std::vector<Line>& lines, double lowest, double highest,
                       int decimals) {
  constexpr double kLeft = 44;
  constexpr double kRight = kWidth - 8;
  constexpr double kTop = 44;
  constexpr double kBottom = 190;
  Range x_range;
  std::vector<std::string> names;
  for (const Line& line : lines) {
    names.push_back(line.name);
    for (const Point& point : line.points) x_range.take(point.x);
  }
  const auto place = [](double value, double low, double high) {
    return high > low ? (value - low) / (high - low) : 0.5;
  };
  const auto x_of = [&](double x) {
    return kLeft + place(x, x_range.low, x_range.high) * (kRight - kLeft);
  };
  const auto y_of = [&](double y) {
    return kBottom - place(y, lowest, highest) * (kBottom - kTop);
  };
  std::string svg = open_svg(alt, kBottom + 34) + legend(names);
  svg += axis(kLeft, kBottom, kRight, kBottom) + axis(kLeft, kTop, kLeft, kBottom);
  svg += text_at(0, kTop - 10, "start", y_name);
  svg += text_at((kLeft + kRight) / 2, kBottom + 29, "middle", x_name);
  svg += text_at(kLeft - 4, y_of(lowest) + 4, "end", rounded(lowest, decimals));
  if (highest > lowest) {
    svg += text_at(kLeft - 4, y_of(highest) + 4, "end", rounded(highest, decimals));
  }
  if (x_range.high < x_range.low) return svg + "</svg>\n";
  svg += text_at(x_of(x_range.low), kBottom + 14, "middle", rounded(x_range.low, 0));
  if (x_range.high > x_range.low) {
    svg += text_at(kRight, kBottom + 14, "end", rounded(x_range.high, 0));
  }
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string path;
    for (const Point& point : lines[i].points) {
      path += str_cat(path.empty() ? "" : " ", number(x_of(point.x)), ",", number(y_of(point.y)));
    }
    svg += polyline(i == 0 ? "line-a" : "line", path);
  }
  return svg + "</svg>\n";
}

}  // namespace rexbert::html
