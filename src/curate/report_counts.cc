#include "curate/report_counts.h"

#include <bit>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document_filter.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::curate {
namespace {

using DomainCountsByName = std::map<std::string, TextCounts>;

TextCounts counts_of(const Json& json, const std::string& prefix, const std::string& source) {
  const auto get = [&](const char* name) {
    return json_get<uint64_t>(json, prefix + name, source);
  };
  return {get("documents"), get("bytes"), get("lines"), get("words"), {}};
}

void add(const Json& json, const std::string& source, FilteredDomain& domain) {
  constexpr std::string_view kLength = "length ";
  constexpr std::string_view kDropped = "dropped: ";
  constexpr std::string_view kScore = "score ";
  domain.read += counts_of(json, "", source);
  if (json.contains("kept_documents")) domain.kept += counts_of(json, "kept_", source);
  for (const auto& [name, count] : json.items()) {
    if (name.starts_with(kLength)) {
      domain.read.lengths[std::stoi(name.substr(kLength.size()))] += count.get<uint64_t>();
    } else if (name.starts_with(kDropped)) {
      domain.dropped[name.substr(kDropped.size())] += count.get<uint64_t>();
    } else if (name.starts_with(kScore)) {
      domain.scores.at(std::stoul(name.substr(kScore.size()))) += count.get<uint64_t>();
    }
  }
}

DomainCountsByName count_batch(const DocumentBatch& batch) {
  DomainCountsByName domains;
  for (const Document& document : batch) {
    TextCounts& counts = domains[domain_name(document)];
    counts.documents += 1;
    counts.bytes += document.text.size();
    counts.lines += split_lines(document.text).size();
    counts.words += count_words(document.text);
    counts.lengths[std::bit_width(document.text.size())] += 1;
  }
  return domains;
}

}  // namespace

TextCounts& TextCounts::operator+=(const TextCounts& other) {
  documents += other.documents;
  bytes += other.bytes;
  lines += other.lines;
  words += other.words;
  for (const auto& [bits, count] : other.lengths) lengths[bits] += count;
  return *this;
}

std::map<std::string, FilteredDomain> filtered_domains(const StageContext& context) {
  std::map<std::string, FilteredDomain> domains;
  for (const InputFile& input : context.inputs) {
    const fs::path file = context.directory("filter") / (input.name + ".json");
    context.require(file, "filter");
    const Json json = parse_json(context.env.read_file(file), file.string());
    const Json of_file = json_get<Json>(json, "domains", file.string());
    for (const auto& [domain, counts] : of_file.items()) {
      add(counts, str_cat(file.string(), ": domain ", str_quote(domain)), domains[domain]);
    }
  }
  return domains;
}

std::map<std::string, TextCounts> counts_of_outputs(const StageContext& context,
                                                    const std::string& stage) {
  DomainCountsByName domains;
  for (const InputFile& input : context.inputs) {
    const fs::path file = context.directory(stage) / (input.name + ".jsonl.zst");
    context.require(file, stage);
    SourceOptions options;
    options.max_record_bytes = UINT64_MAX / 32;  // a stage's own lines are as long as they are
    const auto source =
        open_source(context.env, file, options, text::make_bad_line_handler(text::OnError::kStop));
    map_source<DomainCountsByName>(
        *source, context.threads, [] { return count_batch; },
        [&](DomainCountsByName&& part) {
          for (const auto& [domain, counts] : part) domains[domain] += counts;
        });
  }
  return domains;
}

}  // namespace rexbert::curate
