#include "rexbert/curate/document_filter.h"

namespace rexbert::curate {

const std::string& domain_name(const Document& document) {
  static const std::string none = "none";
  return document.domain.empty() ? none : document.domain;
}

const char* DocumentFilter::apply(Document& document) const {
  const auto model = models_.find(domain_name(document));
  if (model == models_.end()) return "domain";
  const auto lines = split_lines(document.text);
  const auto probability_L = model->second.probabilities(lines);
  LineSpans spans = keep_lines(lines, probability_L, model->second.threshold(), options_);
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
