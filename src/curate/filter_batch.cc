#include "curate/filter_batch.h"

#include <algorithm>
#include <array>
#include <bit>

#include "rexbert/core/strings.h"

namespace rexbert::curate {

void add_counts(DomainFilterCounts& sum, const DomainFilterCounts& counts) {
  for (const auto& [domain, of_domain] : counts) {
    for (const auto& [name, count] : of_domain) sum[domain][name] += count;
  }
}

FilteredBatch filter_batch(const DocumentFilter& filter, DocumentBatch&& batch, bool located) {
  FilteredBatch result;
  for (const Document& document : batch) {
    FilterCounts& counts = result.files[document.file][domain_name(document)];
    counts["documents"] += 1;
    counts["bytes"] += document.text.size();
    counts["lines"] += split_lines(document.text).size();
    counts["words"] += count_words(document.text);
    counts[str_cat("length ", std::bit_width(document.text.size()))] += 1;
  }
  const auto reasons = filter.apply(batch);
  for (size_t d = 0; d < batch.size(); ++d) {
    Document& document = batch[d];
    FilterCounts& counts = result.files[document.file][domain_name(document)];
    if (reasons[d] != nullptr) {
      counts[str_cat("dropped: ", reasons[d])] += 1;
      continue;
    }
    document.domain = domain_name(document);
    counts["kept_documents"] += 1;
    counts["kept_bytes"] += document.text.size();
    counts["kept_lines"] += document.line_scores.size();
    counts["kept_words"] += count_words(document.text);
    std::array<uint64_t, 10> tenths{};
    for (const float score : document.line_scores) {
      ++tenths[static_cast<size_t>(std::min(9, static_cast<int>(score * 10)))];
    }
    for (size_t i = 0; i < tenths.size(); ++i) {
      if (tenths[i] > 0) counts[str_cat("score ", i)] += tenths[i];
    }
    if (located) result.lines += str_cat(document.file, "\t", document.line, "\t");
    result.lines += to_json_line(document);
  }
  return result;
}

Json no_bad_records() { return {{"count", 0}, {"first", Json::array()}}; }

void add_bad_record(Json& bad, uint64_t line, const std::string& reason) {
  constexpr size_t kListed = 1000;
  bad["count"] = bad["count"].get<uint64_t>() + 1;
  if (bad["first"].size() < kListed) bad["first"].push_back({{"line", line}, {"reason", reason}});
}

Json filter_result(const DomainFilterCounts& domains, const Json& bad_records) {
  return {{"domains", domains}, {"bad_records", bad_records}};
}

}  // namespace rexbert::curate
