#include "curate/log_odds.h"

#include <algorithm>
#include <cmath>

namespace rexbert::curate {

std::vector<TermScore> log_odds_terms(const WordCounts& words,
                                      const std::map<std::string, uint64_t>& background,
                                      double prior_words) {
  std::array<double, 2> all = {};
  for (const auto& [word, counts] : words) {
    for (size_t side = 0; side < 2; ++side) all[side] += static_cast<double>(counts[side]);
  }
  double background_words = 0;
  for (const auto& [word, count] : background) background_words += static_cast<double>(count);
  std::vector<TermScore> terms;
  terms.reserve(words.size());
  for (const auto& [word, counts] : words) {
    const double prior = prior_words * static_cast<double>(background.at(word)) / background_words;
    std::array<double, 2> log_odds = {};
    double variance = 0;
    for (size_t side = 0; side < 2; ++side) {
      const double seen = static_cast<double>(counts[side]) + prior;
      log_odds[side] = std::log(seen / (all[side] + prior_words - seen));
      variance += 1 / seen;
    }
    terms.push_back({word, (log_odds[0] - log_odds[1]) / std::sqrt(variance), counts});
  }
  std::sort(terms.begin(), terms.end(), [](const TermScore& a, const TermScore& b) {
    return a.z != b.z ? a.z > b.z : a.term < b.term;
  });
  return terms;
}

}  // namespace rexbert::curate
