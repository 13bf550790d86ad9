#include "curate/report_data.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "curate/report_counts.h"
#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr size_t kOtherDomains = 50;  // listed one by one
constexpr size_t kExamples = 5;       // of each kind

double share(uint64_t part, uint64_t whole) {
  if (whole == 0) return 0;
  return std::round(static_cast<double>(part) / static_cast<double>(whole) * 1e6) / 1e6;
}

Json to_json(const TextCounts& counts) {
  return {{"documents", counts.documents},
          {"bytes", counts.bytes},
          {"lines", counts.lines},
          {"words", counts.words}};
}

template <class Domains>
TextCounts total(const Domains& domains) {
  TextCounts all;
  for (const auto& [domain, counts] : domains) all += counts;
  return all;
}

Json read_json(const StageContext& context, const std::string& stage, const std::string& name) {
  const fs::path file = context.directory(stage) / name;
  context.require(file, stage);
  return parse_json(context.env.read_file(file), file.string());
}

// Lines of JSON, one at a time.
template <class Body>
void for_each_json_line(const StageContext& context, const fs::path& path, Body body) {
  const auto source = open_byte_source(context.env, path);
  std::array<char, 1 << 16> block;
  std::string rest;
  size_t number = 0;
  while (const size_t size = source->read(block.data(), block.size())) {
    rest.append(block.data(), size);
    size_t begin = 0;
    for (size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      const std::string where = str_cat(path.string(), ":", ++number);
      body(parse_json(std::string_view(rest).substr(begin, end - begin), where), where);
    }
    rest.erase(0, begin);
  }
}

std::string file_name(const Json& line, const char* key, const std::string& where) {
  return fs::path(json_get<std::string>(line, key, where)).filename().string();
}

// All that the stages after filter left, in their order.
struct Later {
  std::vector<std::pair<std::string, TextCounts>> stages;
  std::map<std::string, TextCounts> corpus;  // by domain
};

Later later_stages(const StageContext& context) {
  Later later;
  if (context.config.dedup.enabled) {
    later.corpus = counts_of_outputs(context, "dedup");
    later.stages.emplace_back("dedup", total(later.corpus));
  }
  if (!context.config.decontaminate.evaluation.empty()) {
    later.corpus = counts_of_outputs(context, "decontaminate");
    later.stages.emplace_back("decontaminate", total(later.corpus));
  }
  if (later.stages.empty()) later.corpus = counts_of_outputs(context, "filter");
  return later;
}

void check_written(const StageContext& context, const Later& later) {
  const Json written = read_json(context, "write", "corpus.json").at("domains");
  Json expected = Json::object();
  for (const auto& [domain, counts] : later.corpus) {
    expected[domain] = {{"documents", counts.documents}, {"bytes", counts.bytes}};
  }
  Json all = expected;
  all.update(written);
  for (const auto& [domain, unused] : all.items()) {
    const Json left = expected.value(domain, Json());
    const Json found = written.value(domain, Json());
    if (left == found) continue;
    throw Error(ErrorCode::kIncompatible,
                str_cat((context.directory("write") / "corpus.json").string(), ": domain ",
                        str_quote(domain), ": expected ", left.dump(),
                        " as the stages before it left, got ", found.dump(),
                        "; remove the folder write to do the stage anew"));
  }
}

void add_to_funnel(Json& funnel, const std::string& stage, const TextCounts& counts) {
  Json row = to_json(counts);
  row["stage"] = stage;
  for (const char* unit : {"documents", "lines", "words"}) {
    const Json& whole = funnel.empty() ? row : funnel.front();
    row[str_cat(unit, "_share")] = share(row[unit], whole[unit]);
  }
  funnel.push_back(std::move(row));
}

Json length_bins(const TextCounts& before, const TextCounts& after) {
  int most = 0;
  for (const auto* lengths : {&before.lengths, &after.lengths}) {
    if (!lengths->empty()) most = std::max(most, lengths->rbegin()->first);
  }
  Json bins = Json::array();
  const auto count = [](const TextCounts& counts, int bits) {
    const auto found = counts.lengths.find(bits);
    return found == counts.lengths.end() ? 0 : found->second;
  };
  for (int bits = 0; bits <= most; ++bits) {
    const uint64_t read = count(before, bits);
    const uint64_t corpus = count(after, bits);
    bins.push_back({{"from_bytes", bits == 0 ? 0 : uint64_t{1} << (bits - 1)},
                    {"read", read},
                    {"read_share", share(read, before.documents)},
                    {"corpus", corpus},
                    {"corpus_share", share(corpus, after.documents)}});
  }
  return bins;
}

Json score_bins(const std::array<uint64_t, 10>& scores) {
  uint64_t all = 0;
  for (const uint64_t count : scores) all += count;
  Json bins = Json::array();
  for (size_t i = 0; i < scores.size(); ++i) {
    bins.push_back({{"from", static_cast<double>(i) / 10},
                    {"lines", scores[i]},
                    {"share", share(scores[i], all)}});
  }
  return bins;
}

struct Totals {
  TextCounts read;
  TextCounts corpus;
};

Json domain_json(const std::string& name, const FilteredDomain& domain, const TextCounts& corpus,
                 const Totals& totals) {
  return {{"domain", name},
          {"read", to_json(domain.read)},
          {"kept", to_json(domain.kept)},
          {"corpus", to_json(corpus)},
          {"dropped", domain.dropped},
          {"read_share", share(domain.read.words, totals.read.words)},
          {"corpus_share", share(corpus.words, totals.corpus.words)},
          {"kept_share", share(corpus.words, domain.read.words)}};
}

Json chosen_json(const std::string& name, const FilteredDomain& domain, const TextCounts& corpus,
                 const Totals& totals, const DomainModel& model) {
  Json json = domain_json(name, domain, corpus, totals);
  json["scores"] = score_bins(domain.scores);
  json["lengths"] = length_bins(domain.read, corpus);
  json["model"] = model.report();
  return json;
}

// Domains that nobody chose: the largest by words, then all others together.
Json other_domains(const std::map<std::string, FilteredDomain>& domains, const Totals& totals) {
  std::vector<std::pair<std::string, const FilteredDomain*>> order;
  for (const auto& [name, domain] : domains) order.emplace_back(name, &domain);
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second->read.words > b.second->read.words;
  });
  Json listed = Json::array();
  TextCounts rest;
  for (size_t i = 0; i < order.size(); ++i) {
    const TextCounts& read = order[i].second->read;
    if (i >= kOtherDomains) {
      rest += read;
      continue;
    }
    listed.push_back({{"domain", order[i].first},
                      {"read", to_json(read)},
                      {"read_share", share(read.words, totals.read.words)}});
  }
  return {{"domains", order.size()},
          {"listed", listed},
          {"rest",
           {{"domains", order.size() - listed.size()},
            {"read", to_json(rest)},
            {"read_share", share(rest.words, totals.read.words)}}}};
}

Json duplicates_json(const StageContext& context) {
  Json json = read_json(context, "dedup", "dedup.json");
  std::map<std::string, Json> examples = {{"exact", Json::array()}, {"near", Json::array()}};
  std::array<uint64_t, 10> similarities = {};
  for_each_json_line(
      context, context.directory("dedup") / "duplicates.jsonl",
      [&](const Json& line, const std::string& where) {
        const auto reason = json_get<std::string>(line, "reason", where);
        const auto similarity = json_get<double>(line, "similarity", where);
        if (reason == "near") {
          ++similarities.at(static_cast<size_t>(std::clamp(similarity * 10, 0.0, 9.0)));
        }
        if (examples[reason].size() == kExamples) return;
        examples[reason].push_back({{"id", json_get<std::string>(line, "id", where)},
                                    {"file", file_name(line, "file", where)},
                                    {"similarity", similarity},
                                    {"kept_id", json_get<std::string>(line, "kept_id", where)},
                                    {"kept_file", file_name(line, "kept_file", where)}});
      });
  json["share"] = share(json.at("exact").get<uint64_t>() + json.at("near").get<uint64_t>(),
                        json.at("documents"));
  json["near_similarity"] = score_bins(similarities);
  json["examples"] = examples;
  return json;
}

Json contamination_json(const StageContext& context) {
  Json json = read_json(context, "decontaminate", "decontaminate.json");
  std::map<std::string, uint64_t> hits;
  Json examples = Json::array();
  for_each_json_line(
      context, context.directory("decontaminate") / "contaminated.jsonl",
      [&](const Json& line, const std::string& where) {
        const auto name = file_name(line, "evaluation_file", where);
        ++hits[name];
        if (examples.size() == kExamples) return;
        examples.push_back({{"id", json_get<std::string>(line, "id", where)},
                            {"evaluation_file", name},
                            {"evaluation_line", json_get<uint64_t>(line, "evaluation_line", where)},
                            {"words", json_get<std::string>(line, "words", where)},
                            {"ngrams", json_get<uint64_t>(line, "ngrams", where)}});
      });
  json["share"] = share(json.at("dropped"), json.at("documents"));
  json["hits_by_file"] = hits;
  json["examples"] = examples;
  return json;
}

// What the stages that may be left out say of themselves, and a line for each that was.
void add_optional_stages(const StageContext& context, Json& report) {
  Json left_out = Json::object();
  if (context.config.audit.kind == LabellerKind::kNone) {
    left_out["audit"] = "No second labeller was asked (audit.labeller is none).";
  } else {
    report["audit"] = read_json(context, "audit", "audit.json");
  }
  if (context.env.exists(context.directory("explore") / "explore.json")) {
    report["explore"] = read_json(context, "explore", "explore.json");
  } else {
    left_out["explore"] = "The domains were named (explore.domains) and not explored.";
  }
  if (context.config.dedup.enabled) {
    report["duplicates"] = duplicates_json(context);
  } else {
    left_out["duplicates"] = "Duplicates were not looked for (dedup.enabled is false).";
  }
  if (!context.config.decontaminate.evaluation.empty()) {
    report["contamination"] = contamination_json(context);
  } else {
    left_out["contamination"] = "No evaluation files were named (decontaminate.evaluation).";
  }
  report["left_out"] = left_out;
}

}  // namespace

Json report_data(const StageContext& context, const ReportSampleOptions& options) {
  auto filtered = filtered_domains(context);
  const Later later = later_stages(context);
  check_written(context, later);
  auto models = load_models(context);
  Totals totals;
  totals.corpus = total(later.corpus);
  TextCounts chosen;
  TextCounts kept;
  Json domains = Json::array();
  for (const auto& [name, domain] : filtered) totals.read += domain.read;
  for (const auto& [name, model] : models) {
    const FilteredDomain& domain = filtered[name];
    chosen += domain.read;
    kept += domain.kept;
    const auto corpus = later.corpus.find(name);
    domains.push_back(chosen_json(
        name, domain, corpus == later.corpus.end() ? TextCounts() : corpus->second, totals, model));
    filtered.erase(name);
  }
  Json report = {{"version", 1}, {"other_domains", other_domains(filtered, totals)}};
  Json& funnel = report["funnel"] = Json::array();
  add_to_funnel(funnel, "read", totals.read);
  add_to_funnel(funnel, "chosen", chosen);
  add_to_funnel(funnel, "filter", kept);
  for (const auto& [stage, counts] : later.stages) add_to_funnel(funnel, stage, counts);
  report["lengths"] = length_bins(totals.read, totals.corpus);
  report["sample"] = {{"lines", options.lines},
                      {"prior_words", options.prior_words},
                      {"words_per_document", options.words_per_document}};
  const auto samples =
      report_sample(sampled_documents(context),
                    DocumentFilter(std::move(models), context.config.filter), options);
  for (Json& domain : domains) {
    const auto sample = samples.find(domain["domain"].get<std::string>());
    if (sample != samples.end()) domain["sample"] = sample->second;
  }
  std::stable_sort(domains.begin(), domains.end(), [](const Json& a, const Json& b) {
    return a["read"]["words"] > b["read"]["words"];
  });
  report["domains"] = std::move(domains);
  add_optional_stages(context, report);
  return report;
}

}  // namespace rexbert::curate
