#include "rexbert/curate/sample.h"

#include <algorithm>
#include <bit>
#include <tuple>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/json.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr std::string_view kFormat = "rexbert-sample";
constexpr int kVersion = 1;

uint64_t characters(std::string_view text) {
  return static_cast<uint64_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

// How many of `available` each stratum gives towards `wanted`.
std::vector<uint64_t> allot(const std::vector<uint64_t>& available, uint64_t wanted) {
  std::vector<uint64_t> given(available.size(), 0);
  while (wanted > 0) {
    const auto open = static_cast<uint64_t>(std::count_if(
        given.begin(), given.end(),
        [&, i = size_t{0}](uint64_t count) mutable { return count < available[i++]; }));
    if (open == 0) break;
    const uint64_t share = std::max<uint64_t>(wanted / open, 1);
    for (size_t i = given.size(); i-- > 0;) {
      const uint64_t more = std::min({share, available[i] - given[i], wanted});
      given[i] += more;
      wanted -= more;
    }
  }
  return given;
}

}  // namespace

DocumentSampler::DocumentSampler(SampleOptions options) : options_(std::move(options)) {
  if (options_.per_domain == 0) {
    throw Error(ErrorCode::kConfig, "sample: per_domain: expected at least 1, got 0");
  }
  uint64_t last = 0;
  for (const uint64_t edge : options_.length_edges) {
    if (edge <= last) {
      throw Error(ErrorCode::kConfig,
                  str_cat("sample: length_edges: expected an edge above ", last, ", got ", edge));
    }
    last = edge;
  }
}

uint32_t DocumentSampler::stratum_of(std::string_view text) const {
  const uint64_t length = characters(text);
  if (options_.length_edges.empty()) return static_cast<uint32_t>(std::bit_width(length));
  const std::vector<uint64_t>& edges = options_.length_edges;
  return static_cast<uint32_t>(std::upper_bound(edges.begin(), edges.end(), length) -
                               edges.begin());
}

DocumentSampler::Key DocumentSampler::key_of(const Document& document) const {
  const uint64_t text_hash = hash64(document.text);
  KeyedRng rng(options_.seed, Purpose::kDocumentSample, hash64(document.id), text_hash);
  return {.draw = rng.next_u64(), .id = document.id, .text_hash = text_hash};
}

void DocumentSampler::keep(Stratum& stratum, Key key, const Document& document) const {
  auto& candidates = stratum.candidates;
  if (candidates.size() >= options_.per_domain && candidates.rbegin()->first < key) return;
  const auto [place, is_new] = candidates.try_emplace(std::move(key), document);
  if (!is_new) {
    // Which of two equal documents was met first must not show.
    Document& kept = place->second;
    if (to_json_line(document) < to_json_line(kept)) kept = document;
  }
  if (candidates.size() > options_.per_domain) candidates.erase(std::prev(candidates.end()));
}

void DocumentSampler::add(const Document& document) {
  Stratum& stratum = strata_[{document.domain, stratum_of(document.text)}];
  ++stratum.seen;
  keep(stratum, key_of(document), document);
}

void DocumentSampler::merge(const DocumentSampler& other) {
  if (options_ != other.options_) {
    throw Error(ErrorCode::kIncompatible,
                "sample: expected two samples of one seed, size and strata, got different ones");
  }
  for (const auto& [name, theirs] : other.strata_) {
    Stratum& ours = strata_[name];
    ours.seen += theirs.seen;
    for (const auto& [key, document] : theirs.candidates) keep(ours, key, document);
  }
}

uint64_t DocumentSampler::seen() const {
  uint64_t seen = 0;
  for (const auto& [name, stratum] : strata_) seen += stratum.seen;
  return seen;
}

std::vector<SampledDocument> DocumentSampler::sample() const {
  std::vector<SampledDocument> sample;
  for (auto first = strata_.begin(); first != strata_.end();) {
    const auto last = std::find_if(first, strata_.end(), [&](const auto& entry) {
      return entry.first.first != first->first.first;
    });
    std::vector<uint64_t> available;
    for (auto it = first; it != last; ++it) available.push_back(it->second.candidates.size());
    const std::vector<uint64_t> given = allot(available, options_.per_domain);
    for (size_t i = 0; first != last; ++first, ++i) {
      auto candidate = first->second.candidates.begin();
      for (uint64_t taken = 0; taken < given[i]; ++taken, ++candidate) {
        sample.push_back(
            {.document = candidate->second,
             .stratum = first->first.second,
             .weight = static_cast<double>(first->second.seen) / static_cast<double>(given[i])});
      }
    }
  }
  return sample;
}

void DocumentSampler::save(Env& env, const fs::path& path) const {
  Json strata = Json::array();
  size_t candidates = 0;
  for (const auto& [name, stratum] : strata_) {
    candidates += stratum.candidates.size();
    strata.push_back({{"domain", name.first}, {"stratum", name.second}, {"seen", stratum.seen}});
  }
  std::string text = Json{{"format", kFormat},
                          {"version", kVersion},
                          {"seed", options_.seed},
                          {"per_domain", options_.per_domain},
                          {"length_edges", options_.length_edges},
                          {"strata", strata},
                          {"candidates", candidates}}
                         .dump() +
                     "\n";
  for (const auto& [name, stratum] : strata_) {
    for (const auto& [key, document] : stratum.candidates) text += to_json_line(document);
  }
  publish_file(env, path, text);
}

DocumentSampler DocumentSampler::load(Env& env, const fs::path& path) {
  const std::string text = env.read_file(path);
  const std::vector<std::string_view> lines = split_lines(text);
  const std::string where = path.string() + ":1";
  const Json header = parse_json(lines.empty() ? std::string_view() : lines[0], where);
  const auto format = json_get<std::string>(header, "format", where);
  const int version = json_get<int>(header, "version", where);
  if (format != kFormat || version != kVersion) {
    throw Error(ErrorCode::kIncompatible, str_cat(where, ": expected ", kFormat, " version ",
                                                  kVersion, ", got ", format, " ", version));
  }
  DocumentSampler sampler(SampleOptions{
      .seed = json_get<uint64_t>(header, "seed", where),
      .per_domain = json_get<uint64_t>(header, "per_domain", where),
      .length_edges = json_get<std::vector<uint64_t>>(header, "length_edges", where)});
  for (const Json& stratum : json_get<Json::array_t>(header, "strata", where)) {
    sampler
        .strata_[{json_get<std::string>(stratum, "domain", where),
                  json_get<uint32_t>(stratum, "stratum", where)}]
        .seen = json_get<uint64_t>(stratum, "seen", where);
  }
  const auto candidates = json_get<size_t>(header, "candidates", where);
  if (lines.size() - 1 != candidates) {
    throw Error(ErrorCode::kCorrupt, str_cat(path.string(), ": expected ", candidates,
                                             " documents, got ", lines.size() - 1));
  }
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::string here = str_cat(path.string(), ":", i + 1);
    const Document document = parse_document(lines[i], here);
    const auto stratum = sampler.strata_.find({document.domain, sampler.stratum_of(document.text)});
    if (stratum == sampler.strata_.end()) {
      throw Error(ErrorCode::kCorrupt, here + ": a document of no stratum of the first line");
    }
    sampler.keep(stratum->second, sampler.key_of(document), document);
  }
  return sampler;
}

}  // namespace rexbert::curate
