#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/curate/document.h"

namespace rexbert::curate {

struct SampleOptions {
  // Names the sample. Default 17.
  uint64_t seed = 17;
  // Documents of each domain, in equal parts from its strata of length as far as these have so
  // many. Default 200. A sampler holds up to so many documents, texts and all, for each stratum.
  uint64_t per_domain = 200;
  // Lower edges of the strata above the first, in characters (code points), rising, the first above
  // 0: quantiles of a pilot sample, say. Default: none, which means powers of two, where stratum b
  // holds lengths of [2^(b - 1), 2^b) and stratum 0 the empty documents.
  std::vector<uint64_t> length_edges = {};

  bool operator==(const SampleOptions&) const = default;
};

struct SampledDocument {
  Document document;
  uint32_t stratum = 0;  // of its domain's strata of length
  // Documents of the stratum for each one drawn from it: 1 / (probability of being drawn). Sums
  // over the sample weighted so estimate sums over all documents.
  double weight = 1;
};

// A sample of documents, stratified over domains and lengths. Each document draws a key from (seed,
// id, text) and each stratum keeps the documents of the smallest keys (bottom-k sampling, Cohen and
// Kaplan, "Summarizing data using bottom-k sketches", PODC 2007). So the sample is a function of
// the documents seen: their order, their files and the number of samplers that saw parts of them
// leave it as it is, wherever the source names its documents (an id of "<file name>:<line>" goes
// with the file). Documents of one id with different texts are different documents; one met again
// with the same text stands in the sample once.
class DocumentSampler {
 public:
  // Throws Error(kConfig) for edges that do not rise from above 0 or per_domain == 0.
  explicit DocumentSampler(SampleOptions options);

  void add(const Document& document);
  // As if all that `other` was given had been added here. Throws Error(kIncompatible) where the
  // options differ.
  void merge(const DocumentSampler& other);

  // The sample, ordered by domain, stratum and key. Where a domain has more candidates than
  // per_domain, each stratum gives an equal part; what small strata cannot give is shared among the
  // others, the longest first.
  std::vector<SampledDocument> sample() const;

  const SampleOptions& options() const { return options_; }
  uint64_t seen() const;  // documents added

  // A file of the sampler's whole state, to merge later with those of other parts: JSON lines, the
  // first one {"format": "rexbert-sample", "version": 1, ...} with options and strata, then the
  // candidates (docs/formats/sample.md). Published atomically.
  void save(Env& env, const fs::path& path) const;
  // Throws Error(kCorrupt) naming file and line, and Error(kIncompatible) for another version.
  static DocumentSampler load(Env& env, const fs::path& path);

 private:
  struct Key {
    uint64_t draw;
    std::string id;
    uint64_t text_hash;
    auto operator<=>(const Key&) const = default;
  };
  struct Stratum {
    uint64_t seen = 0;
    std::map<Key, Document> candidates;  // the per_domain smallest
  };
  using Strata = std::map<std::pair<std::string, uint32_t>, Stratum>;

  uint32_t stratum_of(std::string_view text) const;
  Key key_of(const Document& document) const;
  void keep(Stratum& stratum, Key key, const Document& document) const;

  SampleOptions options_;
  Strata strata_;
};

}  // namespace rexbert::curate
