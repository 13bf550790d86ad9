#include "rexbert/curate/weak_labeller.h"

#include <algorithm>
#include <cmath>

#include "curate/lexicon.h"
#include "curate/line_patterns.h"
#include "curate/line_tokens.h"
#include "curate/phrase_matcher.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/line_filter.h"

namespace rexbert::curate {
namespace {

// Lines up to this many tokens speak for themselves in full.
constexpr double kShortLine = 30;
// No line is surer than this, in log-odds: a lone line amid the other class needs
// 2 log(stay / (1 - stay)) to stand, which is 4.4 by default.
constexpr double kSurest = 6;

double log_odds(double probability) { return std::log(probability / (1 - probability)); }

std::vector<LexiconGroup> all_groups() {
  std::vector<LexiconGroup> groups;
  for (const auto lexicon : {commerce_lexicon(), product_lexicon(), other_lexicon()}) {
    groups.insert(groups.end(), lexicon.begin(), lexicon.end());
  }
  return groups;
}

void check(bool fine, std::string_view name, std::string_view range, double value) {
  if (fine) return;
  throw Error(ErrorCode::kConfig,
              str_cat("weak labeller: ", name, ": expected a number of ", range, ", got ", value));
}

}  // namespace

struct WeakLabeller::Impl {
  WeakLabellerOptions options;
  PhraseMatcher phrases{all_groups()};
  LinePatterns patterns;

  std::vector<Evidence> explain(const std::vector<LineToken>& tokens) const {
    std::vector<Evidence> evidence;
    if (tokens.empty()) return evidence;
    const std::vector<uint32_t> counts = phrases.count(tokens);
    for (size_t i = 0; i < counts.size(); ++i) {
      const LexiconGroup& group = phrases.groups()[i];
      if (counts[i] == 0) continue;
      evidence.push_back(
          {group.name, std::clamp(group.log_odds * counts[i], -group.cap, group.cap)});
    }
    patterns.find(tokens, evidence);
    return evidence;
  }

  double emission(std::string_view line) const {
    const std::vector<LineToken> tokens = tokenize_line(line);
    if (tokens.empty()) return 0;
    double sum = 0;
    for (const Evidence& evidence : explain(tokens)) sum += evidence.log_odds;
    const double length = std::max(1.0, static_cast<double>(tokens.size()) / kShortLine);
    return std::clamp(sum / std::sqrt(length) + log_odds(options.prior), -kSurest, kSurest);
  }
};

WeakLabeller::WeakLabeller(WeakLabellerOptions options) : impl_(std::make_unique<Impl>()) {
  check(options.prior > 0 && options.prior < 1, "prior", "(0, 1)", options.prior);
  check(options.stay >= 0.5 && options.stay < 1, "stay", "[0.5, 1)", options.stay);
  check(options.threshold > 0 && options.threshold < 1, "threshold", "(0, 1)", options.threshold);
  impl_->options = options;
}

WeakLabeller::~WeakLabeller() = default;

std::vector<double> WeakLabeller::scores(const Document& document) const {
  std::vector<double> emissions;
  for (const std::string_view line : split_lines(document.text)) {
    emissions.push_back(impl_->emission(line));
  }
  return smooth_lines(emissions, impl_->options.stay);
}

std::vector<Evidence> WeakLabeller::explain(std::string_view line) const {
  return impl_->explain(tokenize_line(line));
}

void WeakLabeller::label(std::span<LabelTask> tasks) {
  for (LabelTask& task : tasks) {
    const std::vector<double> probabilities = scores(task.document);
    task.labels.clear();
    for (const uint32_t line : task.lines) {
      if (line >= probabilities.size()) {
        throw Error(ErrorCode::kUsage,
                    str_cat("weak labeller: document ", str_quote(task.document.id),
                            ": expected a line below ", probabilities.size(), ", got ", line));
      }
      task.labels.push_back(probabilities[line] >= impl_->options.threshold ? Label::kEcommerce
                                                                            : Label::kOther);
    }
  }
}

}  // namespace rexbert::curate
