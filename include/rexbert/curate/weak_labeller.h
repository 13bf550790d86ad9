#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/curate/labeller.h"

namespace rexbert::curate {

struct WeakLabellerOptions {
  // The share of lines that are expected to be e-commerce, in (0, 1): lines without evidence are
  // taken for it with this probability, before their neighbours are heard. Default 0.3.
  double prior = 0.3;
  // The probability that a line is of the class of the line before it, in [0.5, 1). 0.5 looks at
  // lines one by one. Default 0.9: a line among nine of the other class must be sure of itself.
  double stay = 0.9;
  // label() calls a line e-commerce from this probability, in (0, 1). Default 0.6: what is learnt
  // from these labels needs precision first.
  double threshold = 0.6;
};

// One reason to take a line for e-commerce or not.
struct Evidence {
  std::string_view what;  // a group of the lexicon or a pattern, such as "offer" or "dialogue"
  double log_odds = 0;    // above 0: e-commerce
  bool operator==(const Evidence&) const = default;
};

// Labels lines of English web text by a lexicon and patterns, without a network and without
// training: product titles, descriptions and attributes, offers, terms of shops, reviews, buying
// guides, product questions and category pages are e-commerce; encyclopedias, novels, news and talk
// are not. It is made to start a classifier on, or to measure one against.
//
// A line's log-odds are the sum of its evidence (phrases of the lexicon, each once and each group
// up to its cap; amounts, sizes, model numbers, "key: value", dates, dialogue and the like),
// divided by the root of its length where it is long. Neighbours then speak by a two-state hidden
// Markov model over the lines of the document (Rabiner, "A tutorial on hidden Markov models",
// 1989): forward-backward with these log-odds as emissions and `stay` as the transition. Blank
// lines have no evidence of their own.
class WeakLabeller : public Labeller {
 public:
  // Throws Error(kConfig) for options out of range. Takes about a millisecond.
  explicit WeakLabeller(WeakLabellerOptions options = {});
  ~WeakLabeller() override;

  // The probability of being e-commerce for each line of split_lines(document.text).
  std::vector<double> scores(const Document& document) const;

  // Never fails. Throws Error(kUsage) for a line that the document does not have.
  void label(std::span<LabelTask> tasks) override;

  // What speaks for and against a line when it is looked at alone; nothing for a blank line. The
  // sum, divided as above, plus the log-odds of the prior is the emission.
  std::vector<Evidence> explain(std::string_view line) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rexbert::curate
