#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rexbert::curate {

// How often each word stands on two sides.
using WordCounts = std::map<std::string, std::array<uint64_t, 2>>;

struct TermScore {
  std::string term;
  double z = 0;  // above 0: of the first side
  std::array<uint64_t, 2> counts = {};
};

// The log-odds ratio of each word between the two sides with an informative Dirichlet prior, as
// z-score (Monroe, Colaresi and Quinn, "Fightin' words", 2008, equations 15, 20 and 22):
//   delta = ln((y_1 + a) / (n_1 + a_0 - y_1 - a)) - ln((y_2 + a) / (n_2 + a_0 - y_2 - a))
//   z = delta / sqrt(1 / (y_1 + a) + 1 / (y_2 + a))
// where a, the word's share of the prior, is prior_words x (its share of `background`), which holds
// every word of `words` and at least two. Highest z first, then by term.
std::vector<TermScore> log_odds_terms(const WordCounts& words,
                                      const std::map<std::string, uint64_t>& background,
                                      double prior_words);

}  // namespace rexbert::curate
