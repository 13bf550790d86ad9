#include "rexbert/curate/explore.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

[[noreturn]] void refuse(const Document& document, const std::string& problem) {
  throw Error(ErrorCode::kUsage,
              "exploration: document " + str_quote(document.id) + ": " + problem);
}

void count(const Document& document, std::span<const std::optional<double>> probabilities,
           DomainCounts& counts) {
  const std::vector<std::string_view> lines = split_lines(document.text);
  ++counts.documents;
  counts.bytes += document.text.size();
  for (size_t i = 0; i < lines.size(); ++i) {
    const uint64_t words = count_words(lines[i]);
    if (words == 0) continue;
    if (!probabilities[i]) {
      ++counts.unlabelled_lines;
      continue;
    }
    const auto units = static_cast<uint64_t>(std::llround(*probabilities[i] * 65536));
    ++counts.lines;
    counts.words += words;
    counts.kept_lines_2_16 += units;
    counts.kept_words_2_16 += units * words;
  }
}

}  // namespace

double DomainCounts::share() const {
  return words == 0 ? 0 : kept_words() / static_cast<double>(words);
}

DomainCounts& DomainCounts::operator+=(const DomainCounts& other) {
  documents += other.documents;
  bytes += other.bytes;
  lines += other.lines;
  words += other.words;
  kept_lines_2_16 += other.kept_lines_2_16;
  kept_words_2_16 += other.kept_words_2_16;
  unlabelled_lines += other.unlabelled_lines;
  return *this;
}

void Exploration::add(const Document& document, std::span<const double> probabilities) {
  const size_t lines = split_lines(document.text).size();
  if (probabilities.size() != lines) {
    refuse(document, str_cat("expected ", lines, " probabilities, got ", probabilities.size()));
  }
  for (const double probability : probabilities) {
    if (!(probability >= 0 && probability <= 1)) {
      refuse(document, str_cat("expected probabilities of [0, 1], got ", probability));
    }
  }
  const std::vector<std::optional<double>> all(probabilities.begin(), probabilities.end());
  count(document, all, domains_[document.domain]);
}

void Exploration::add(const LabelTask& task) {
  const size_t lines = split_lines(task.document.text).size();
  if (task.labels.size() != task.lines.size()) {
    refuse(task.document,
           str_cat("expected ", task.lines.size(), " labels, got ", task.labels.size()));
  }
  std::vector<std::optional<double>> probabilities(lines);
  for (size_t i = 0; i < task.lines.size(); ++i) {
    if (task.lines[i] >= lines) {
      refuse(task.document, str_cat("expected a line below ", lines, ", got ", task.lines[i]));
    }
    if (task.labels[i] != Label::kFailed) {
      probabilities[task.lines[i]] = task.labels[i] == Label::kEcommerce ? 1.0 : 0.0;
    }
  }
  count(task.document, probabilities, domains_[task.document.domain]);
}

void Exploration::merge(const Exploration& other) {
  for (const auto& [domain, counts] : other.domains_) domains_[domain] += counts;
}

std::vector<DomainProposal> Exploration::propose(const ProposalOptions& options) const {
  return curate::propose(domains_, options);
}

std::vector<DomainProposal> propose(const std::map<std::string, DomainCounts>& domains,
                                    const ProposalOptions& options) {
  std::vector<DomainProposal> proposals;
  for (const auto& [domain, counts] : domains) {
    const double kept_words = counts.kept_words() * options.expansion;
    proposals.push_back({.domain = domain,
                         .counts = counts,
                         .kept_words = kept_words,
                         .worthwhile = counts.share() >= options.minimum_share &&
                                       kept_words >= options.minimum_kept_words});
  }
  std::stable_sort(
      proposals.begin(), proposals.end(),
      [](const DomainProposal& a, const DomainProposal& b) { return a.kept_words > b.kept_words; });
  return proposals;
}

Json to_json(const ProposalOptions& options, std::span<const DomainProposal> proposals) {
  Json worthwhile = Json::array();
  Json domains = Json::array();
  for (const DomainProposal& proposal : proposals) {
    const DomainCounts& counts = proposal.counts;
    if (proposal.worthwhile) worthwhile.push_back(proposal.domain);
    domains.push_back({{"domain", proposal.domain},
                       {"documents", counts.documents},
                       {"bytes", counts.bytes},
                       {"lines", counts.lines},
                       {"words", counts.words},
                       {"unlabelled_lines", counts.unlabelled_lines},
                       {"ecommerce_lines", counts.kept_lines()},
                       {"ecommerce_words", counts.kept_words()},
                       {"share", counts.share()},
                       {"expected_words", proposal.kept_words},
                       {"worthwhile", proposal.worthwhile}});
  }
  return {{"minimum_share", options.minimum_share},
          {"minimum_kept_words", options.minimum_kept_words},
          {"expansion", options.expansion},
          {"worthwhile", worthwhile},
          {"domains", domains}};
}

}  // namespace rexbert::curate
