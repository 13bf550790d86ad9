#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/curate/labeller.h"

namespace rexbert::curate {

// What was seen of one domain.
struct DomainCounts {
  uint64_t documents = 0;
  uint64_t bytes = 0;  // of text
  // Lines that are not blank, and words (runs of other characters than white space) in them. Those
  // of lines without a label are in none of these four.
  uint64_t lines = 0;
  uint64_t words = 0;
  // Expected e-commerce lines and words: sums of the lines' probabilities, in units of 2^-16, so
  // that no order of adding rounds otherwise.
  uint64_t kept_lines_2_16 = 0;
  uint64_t kept_words_2_16 = 0;
  uint64_t unlabelled_lines = 0;

  double kept_lines() const { return static_cast<double>(kept_lines_2_16) / 65536; }
  double kept_words() const { return static_cast<double>(kept_words_2_16) / 65536; }
  // The e-commerce share, by words; 0 without words.
  double share() const;
  DomainCounts& operator+=(const DomainCounts& other);
  bool operator==(const DomainCounts&) const = default;
};

struct ProposalOptions {
  // A domain is worth filtering where its e-commerce share by words is at least this, of [0, 1].
  // Default 0.1: below it, nearly all that is read is thrown away.
  double minimum_share = 0.1;
  // ... and where it promises at least so many e-commerce words. Default 50 million.
  double minimum_kept_words = 5e7;
  // Documents of the corpus for each explored one, the same for all domains: what a sample's words
  // are multiplied by. Default 1: all were explored.
  double expansion = 1;
};

struct DomainProposal {
  std::string domain;
  DomainCounts counts;      // as explored
  double kept_words = 0;    // expected of the whole corpus
  bool worthwhile = false;  // both floors are reached
};

// All domains, those with the most expected words first, then by name.
std::vector<DomainProposal> propose(const std::map<std::string, DomainCounts>& domains,
                                    const ProposalOptions& options);

// Where the e-commerce text is: counts for each domain by a labeller's word, and from them the
// domains worth filtering, as RexBERT chose nine of FineFineWeb's by their share of e-commerce.
// A function of the documents added, in any order and by any number of explorations merged.
class Exploration {
 public:
  // `probabilities`: of being e-commerce, for every line of split_lines(document.text), as of
  // WeakLabeller::scores(). Throws Error(kUsage) where there are more or fewer, or where one is
  // outside of [0, 1].
  void add(const Document& document, std::span<const double> probabilities);
  // By labels: lines count as 0 or 1; failed ones and those that the task leaves out are
  // unlabelled. Throws Error(kUsage) where labels or lines do not fit the document.
  void add(const LabelTask& task);
  void merge(const Exploration& other);

  const std::map<std::string, DomainCounts>& domains() const { return domains_; }

  // All domains, those with the most expected words first, then by name.
  std::vector<DomainProposal> propose(const ProposalOptions& options) const;

 private:
  std::map<std::string, DomainCounts> domains_;
};

// {"minimum_share", "minimum_kept_words", "expansion", "worthwhile": [names], "domains":
// [{"domain", "documents", "bytes", "lines", "words", "unlabelled_lines", "ecommerce_lines",
// "ecommerce_words", "share", "expected_words", "worthwhile"}]}.
Json to_json(const ProposalOptions& options, std::span<const DomainProposal> proposals);

}  // namespace rexbert::curate
