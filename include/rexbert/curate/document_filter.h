#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "rexbert/curate/document.h"
#include "rexbert/curate/domain_model.h"
#include "rexbert/curate/line_filter.h"

namespace rexbert::curate {

// The name of a document's domain among models and counts: "none" where it has none.
const std::string& domain_name(const Document& document);

// Keeps of each document the lines that its domain's model takes for e-commerce.
class DocumentFilter {
 public:
  DocumentFilter(std::map<std::string, DomainModel> models, const LineFilterOptions& options)
      : models_(std::move(models)), options_(options) {}

  // Cuts each document down to the kept lines and notes their spans and scores; or leaves it as it
  // is and says why it is dropped, else nullptr: "domain" (no model), or as reason_to_drop(). Many
  // threads may call it.
  std::vector<const char*> apply(std::span<Document> documents) const;
  const char* apply(Document& document) const { return apply({&document, 1}).front(); }

 private:
  const char* cut(Document& document, const DocumentLines& lines,
                  const std::vector<double>& probability_L, double threshold) const;

  std::map<std::string, DomainModel> models_;
  LineFilterOptions options_;
};

}  // namespace rexbert::curate
