#pragma once

#include <map>
#include <string>
#include <vector>

#include "curate/log_odds.h"
#include "rexbert/core/json.h"
#include "rexbert/curate/document_filter.h"

namespace rexbert::curate {

struct ReportSampleOptions {
  uint64_t seed = 17;
  size_t lines = 20;        // drawn of each kind, for each domain
  size_t characters = 300;  // of a drawn line that are shown
  size_t terms = 20;        // of each side
  double prior_words = 1000;
  size_t words_per_document = 5000;  // that are counted for the terms
};

// Of each domain of sampled documents, which are filtered again so that kept and dropped lines are
// known: {"documents", "kept_lines", "dropped_lines" (not blank), "lines": {"kept": [{"id", "line",
// "text"}], "dropped": [...]}, "terms": {"kept": [{"term", "z", "kept", "dropped"}], "dropped":
// [...]}}. Lines are numbered from 1. Which lines are drawn depends on the seed, the document's id
// and the line's number alone. Memory is that of the sample's words and of one domain's.
std::map<std::string, Json> report_sample(const std::vector<Document>& documents,
                                          const DocumentFilter& filter,
                                          const ReportSampleOptions& options);

}  // namespace rexbert::curate
