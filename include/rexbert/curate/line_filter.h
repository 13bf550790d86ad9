#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/curate/document.h"

namespace rexbert::curate {

struct LineFilterOptions {
  // How likely the line behind one is of the same kind, above 0.5 and below 1. Default 0.9; 0.5
  // would judge each line alone.
  double stay = 0.9;
  // Runs of fewer kept lines are dropped, unless that is all there is of the document. Default 2.
  int64_t min_run = 2;
  // Up to so many lines between two kept runs are kept with them, so that the text stays readable.
  // Default 1.
  int64_t bridge = 1;
  // A document that keeps a smaller share of its bytes is dropped. Default 0.05.
  double min_share = 0.05;
  // A document that keeps fewer bytes is dropped. Default 100.
  int64_t min_bytes = 100;
};

// The probability of each line to be of the first kind, given what all lines say of themselves: the
// forward-backward algorithm (Rabiner 1989, eq. 27) on a chain of two states that starts in either
// and stays with probability `stay`.
//   log_odds_L  ln P(line | first kind) - ln P(line | second kind), one a line
std::vector<double> smooth_lines(const std::vector<double>& log_odds_L, double stay);

// The lines to keep: those with probability_L >= threshold, bridged, then without runs that are too
// short. Blank lines join what lies around them and do not count as lines of a run or a bridge; no
// span begins or ends with one.
LineSpans keep_lines(const std::vector<std::string_view>& lines,
                     const std::vector<double>& probability_L, double threshold,
                     const LineFilterOptions& options);

// The kept lines, "\n" between them.
std::string kept_text(const std::vector<std::string_view>& lines, const LineSpans& spans);

// Why a document is dropped by the lines it would keep; nullptr for none: "no line", "share",
// "length".
const char* reason_to_drop(size_t document_bytes, size_t kept_bytes,
                           const LineFilterOptions& options);

}  // namespace rexbert::curate
