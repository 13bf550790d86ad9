#include "curate/report_sample.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/words.h"
#include "rexbert/html/page.h"

namespace rexbert::curate {
namespace {

enum Side : size_t { kKept, kDropped };
constexpr std::array<const char*, 2> kSideNames = {"kept", "dropped"};

struct DrawnLine {
  uint64_t key;
  std::string id;
  size_t line;
  std::string text;
  auto operator<=>(const DrawnLine&) const = default;
};

struct DomainSample {
  uint64_t documents = 0;
  std::array<uint64_t, 2> lines = {};
  std::array<std::set<DrawnLine>, 2> drawn;  // of the smallest keys
  WordCounts words;
};

std::vector<Side> sides_of_lines(const DocumentFilter& filter, Document document) {
  std::vector<Side> sides(split_lines(document.text).size(), kDropped);
  if (filter.apply(document) != nullptr) return sides;
  for (const auto& [begin, end] : document.spans) {
    std::fill(sides.begin() + begin, sides.begin() + end, kKept);
  }
  return sides;
}

void draw(const Document& document, size_t line, std::string_view text,
          const ReportSampleOptions& options, std::set<DrawnLine>& drawn) {
  KeyedRng rng(options.seed, Purpose::kReportLines, hash64(document.id), line);
  const uint64_t key = rng.next_u64();
  if (drawn.size() == options.lines && key > drawn.rbegin()->key) return;
  drawn.insert({key, document.id, line, html::cut(text, options.characters)});
  if (drawn.size() > options.lines) drawn.erase(std::prev(drawn.end()));
}

// Calls body(line, words) for the lines that are not blank, with the words of each that count.
template <class Body>
void for_each_line(const Document& document, const ReportSampleOptions& options, Body body) {
  const auto lines = split_lines(document.text);
  size_t left = options.words_per_document;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view text = str_trim(lines[i]);
    if (text.empty()) continue;
    const Words words(text);
    std::vector<std::string> counted;
    for (; counted.size() < words.size() && left > 0; --left) {
      counted.emplace_back(words[counted.size()]);
    }
    body(i, text, counted);
  }
}

void add(const Document& document, const DocumentFilter& filter, const ReportSampleOptions& options,
         DomainSample& sample) {
  const auto sides = sides_of_lines(filter, document);
  ++sample.documents;
  for_each_line(document, options,
                [&](size_t i, std::string_view text, const std::vector<std::string>& words) {
                  const Side side = sides[i];
                  ++sample.lines[side];
                  draw(document, i + 1, text, options, sample.drawn[side]);
                  for (const std::string& word : words) ++sample.words[word][side];
                });
}

Json term_json(const TermScore& term) {
  return {{"term", html::cut(term.term, 40)},
          {"z", std::round(term.z * 1000) / 1000},
          {"kept", term.counts[kKept]},
          {"dropped", term.counts[kDropped]}};
}

Json top_terms(const WordCounts& words, const std::map<std::string, uint64_t>& background,
               const ReportSampleOptions& options) {
  const auto terms = log_odds_terms(words, background, options.prior_words);
  Json kept = Json::array();
  Json dropped = Json::array();
  for (size_t i = 0; i < std::min(options.terms, terms.size()); ++i) {
    if (terms[i].z > 0) kept.push_back(term_json(terms[i]));
    const TermScore& last = terms[terms.size() - 1 - i];
    if (last.z < 0) dropped.push_back(term_json(last));
  }
  return {{"kept", kept}, {"dropped", dropped}};
}

Json lines_json(const std::set<DrawnLine>& drawn) {
  Json lines = Json::array();
  for (const DrawnLine& line : drawn) {
    lines.push_back({{"id", line.id}, {"line", line.line}, {"text", line.text}});
  }
  return lines;
}

}  // namespace

std::map<std::string, Json> report_sample(const std::vector<Document>& documents,
                                          const DocumentFilter& filter,
                                          const ReportSampleOptions& options) {
  std::map<std::string, std::vector<const Document*>> domains;
  std::map<std::string, uint64_t> background;
  for (const Document& document : documents) {
    domains[domain_name(document)].push_back(&document);
    for_each_line(document, options,
                  [&](size_t, std::string_view, const std::vector<std::string>& words) {
                    for (const std::string& word : words) ++background[word];
                  });
  }
  std::map<std::string, Json> report;
  for (const auto& [domain, of_domain] : domains) {
    DomainSample sample;  // one at a time: its words may be many
    for (const Document* document : of_domain) add(*document, filter, options, sample);
    Json lines = Json::object();
    for (const Side side : {kKept, kDropped}) {
      lines[kSideNames[side]] = lines_json(sample.drawn[side]);
    }
    report[domain] = {{"documents", sample.documents},
                      {"kept_lines", sample.lines[kKept]},
                      {"dropped_lines", sample.lines[kDropped]},
                      {"lines", lines},
                      {"terms", top_terms(sample.words, background, options)}};
  }
  return report;
}

}  // namespace rexbert::curate
