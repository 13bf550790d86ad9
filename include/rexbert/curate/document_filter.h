#pragma once

#include <map>
#include <string>

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

  // Cuts the document down to the kept lines and notes their spans and scores; or leaves it as it
  // is and returns why it is dropped: "domain" (no model), or as reason_to_drop(). Many threads may
  // call it.
  const char* apply(Document& document) const;

 private:
  std::map<std::string, DomainModel> models_;
  LineFilterOptions options_;
};

}  // namespace rexbert::curate
