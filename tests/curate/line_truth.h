#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rexbert/curate/weak_labeller.h"

namespace rexbert::test {

// A line of known class, and where it comes from.
struct TrueLine {
  std::string text;
  bool ecommerce = false;
  std::string source;
};

// Lines right and wrong by the labeller's word, and how many of each source were right.
struct LineScore {
  uint64_t true_positives = 0;
  uint64_t false_positives = 0;
  uint64_t false_negatives = 0;
  uint64_t true_negatives = 0;
  struct Source {
    uint64_t right = 0;
    uint64_t lines = 0;
  };
  std::map<std::string, Source> sources = {};

  double precision() const { return ratio(true_positives, true_positives + false_positives); }
  double recall() const { return ratio(true_positives, true_positives + false_negatives); }
  // The harmonic mean of both, for the class of e-commerce.
  double f1() const {
    return ratio(2 * true_positives, 2 * true_positives + false_positives + false_negatives);
  }
  std::string to_text() const;

  static double ratio(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

// Labels a document of these lines and adds the outcome to `score`.
void score_lines(curate::WeakLabeller& labeller, const std::vector<TrueLine>& lines,
                 LineScore& score);

}  // namespace rexbert::test
