#include "curate/svg_chart.h"

#include <algorithm>

#include "curate/html_text.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr double kWidth = 320;

std::string number(double value) { return str_printf("%.1f", value); }

std::string percent(double share) { return str_printf("%.1f %%", share * 100); }

std::string open_svg(const std::string& alt, double height) {
  return str_cat("<svg viewBox=\"0 0 ", number(kWidth), " ", number(height),
                 "\" role=\"img\" aria-label=\"", html_escape(alt), "\"><title>", html_escape(alt),
                 "</title>\n");
}

std::string text_at(double x, double y, const char* anchor, const std::string& text) {
  return str_cat("<text x=\"", number(x), "\" y=\"", number(y), "\" text-anchor=\"", anchor, "\">",
                 html_escape(text), "</text>\n");
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
  std::string shown = cut_text(text, characters);
  while (characters > 0 && most_width(shown) > width) shown = cut_text(text, --characters);
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
  double legend = 0;
  for (size_t s = 0; s < series.size(); ++s) {
    svg += rectangle(legend, 2, 9, 9, s == 1);
    svg += text_at(legend + 13, 11, "start", series[s].name);
    legend += kWidth / 2;
  }
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
  svg += str_cat("<polyline class=\"line\" points=\"", path, "\"/>\n");
  svg += str_cat("<circle class=\"mark\" cx=\"", number(x_of(marked.x)), "\" cy=\"",
                 number(y_of(marked.y)), "\" r=\"5\"/>\n");
  return svg + "</svg>\n";
}

}  // namespace rexbert::curate
