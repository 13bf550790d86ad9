#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "curate/document_batches.h"
#include "rexbert/core/json.h"
#include "rexbert/curate/document_filter.h"

namespace rexbert::curate {

// Counts of one domain, by name: "documents", "bytes", "lines", "words", the same of what is kept
// ("kept_documents", ...), "dropped: REASON", documents by the bits that their bytes take
// ("length 11": 1024 to 2047), and the kept lines by tenths of their score ("score 9").
using FilterCounts = std::map<std::string, uint64_t>;

// By domain.
using DomainFilterCounts = std::map<std::string, FilterCounts>;

void add_counts(DomainFilterCounts& sum, const DomainFilterCounts& counts);

struct FilteredBatch {
  std::string lines;                                // of the kept documents
  std::map<std::string, DomainFilterCounts> files;  // by Document::file
};

// `located`: each line begins with where the document comes from, as StreamInput::located.
FilteredBatch filter_batch(const DocumentFilter& filter, DocumentBatch&& batch,
                           bool located = false);

// The records of a file that were no documents: {"count", "first": [{"line", "reason"}]}, the first
// thousand of them.
Json no_bad_records();
void add_bad_record(Json& bad, uint64_t line, const std::string& reason);

// What the stage filter leaves of an input file in NAME.json.
Json filter_result(const DomainFilterCounts& domains, const Json& bad_records);

}  // namespace rexbert::curate
