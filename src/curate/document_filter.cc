#include "rexbert/curate/document_filter.h"

namespace rexbert::curate {

const std::string& domain_name(const Document& document) {
  static const std::string none = "none";
  return document.domain.empty() ? none : document.domain;
}

std::vector<const char*> DocumentFilter::apply(std::span<Document> documents) const {
  std::vector<const char*> reasons(documents.size(), "domain");
  std::map<const DomainModel*, std::vector<size_t>> by_model;
  for (size_t i = 0; i < documents.size(); ++i) {
    const auto model = models_.find(domain_name(documents[i]));
    if (model != models_.end()) by_model[&model->second].push_back(i);
  }
  for (const auto& [model, members] : by_model) {
    std::vector<DocumentLines> lines;
    lines.reserve(members.size());
    for (const size_t i : members) lines.push_back(split_lines(documents[i].text));
    const auto probabilities = model->probabilities(lines);
    for (size_t m = 0; m < members.size(); ++m) {
      const size_t i = members[m];
      reasons[i] = cut(documents[i], lines[m], probabilities[m], model->threshold());
    }
  }
  return reasons;
}

const char* DocumentFilter::cut(Document& document, const DocumentLines& lines,
                                const std::vector<double>& probability_L, double threshold) const {
  LineSpans spans = keep_lines(lines, probability_L, threshold, options_);
  std::string text = kept_text(lines, spans);
  const char* reason = reason_to_drop(document.text.size(), text.size(), options_);
  if (reason != nullptr) return reason;
  document.line_scores.clear();
  for (const auto& [begin, end] : spans) {
    for (uint32_t i = begin; i < end; ++i) {
      document.line_scores.push_back(static_cast<float>(probability_L[i]));
    }
  }
  document.spans = std::move(spans);
  document.text = std::move(text);
  return nullptr;
}

}  // namespace rexbert::curate
