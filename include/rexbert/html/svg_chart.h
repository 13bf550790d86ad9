#pragma once

#include <string>
#include <vector>

namespace rexbert::html {

// Charts as inline SVG, 320 units wide, which is 320 pixels where the page is at its narrowest.
// Colours are classes of the page's style. `alt` says in words what is to be seen. Texts are
// escaped here.

struct Bar {
  std::string label;
  double value = 0;
  std::string shown;    // the value as text
  bool second = false;  // in the colour of the second series
};
// A bar a row, its value above it and its label, which is cut where it would meet the value; a bar
// of value `full` is as wide as the chart.
std::string bar_chart(const std::string& alt, const std::vector<Bar>& bars, double full);

struct Series {
  std::string name;
  std::vector<double> shares;  // of each bin, 0 to 1
};
// Columns side by side for one or two series, of as many shares as there are bins. Every
// `label_every`-th bin has its label, and the highest share is written at a line of its height.
std::string column_chart(const std::string& alt, const std::vector<std::string>& bins,
                         const std::vector<Series>& series, size_t label_every);

struct Point {
  double x = 0;
  double y = 0;
};
// A line through points in [0, 1] x [0, 1] and one marked point.
std::string curve_chart(const std::string& alt, const std::string& x_name,
                        const std::string& y_name, const std::vector<Point>& points,
                        const Point& marked);

// Repeated measurements of one thing.
struct Repeats {
  std::string label;
  std::string shown = {};  // the result as text
  double mean = 0;
  double deviation = 0;             // 0 or NaN: none is drawn
  std::vector<double> values = {};  // of which `mean` is the mean; none: nothing is drawn
  bool second = false;
};
// A row each, its texts as in a bar chart; below them a dot at the mean, a line one deviation to
// both sides and a small circle at each value. The scale goes from the lowest to the highest of all
// that is drawn and is written with `decimals`.
std::string repeats_chart(const std::string& alt, const std::vector<Repeats>& rows, int decimals);

struct Line {
  std::string name;
  std::vector<Point> points;  // by rising x
};
// One or two lines, the second in the colour of the second series, over [`lowest`, `highest`] of y
// and the range that x takes, both written with `decimals`, x without.
std::string line_chart(const std::string& alt, const std::string& x_name, const std::string& y_name,
                       const std::vector<Line>& lines, double lowest, double highest, int decimals);

}  // namespace rexbert::html
