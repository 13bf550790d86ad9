#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "rexbert/core/env.h"

// Module corpus: documents to shards. It makes the sample corpus that the project ships (this
// header) and turns any corpus into token shards (tokenize.h).
//
// The sample corpus is text written by grammars from a seed: a small invented world of countries,
// people, species, machines and brands. It is there so that a clone can train something at once and
// so that tests have text whose properties are known; it is no substitute for real text. Attributes
// agree within a document and correlate across documents (a country with its language and currency,
// a brand with its category, model numbers and units), so a model can learn them; long documents
// refer back to names and numbers given thousands of tokens before, so context helps.
namespace rexbert::corpus {

enum class SampleKind { kGeneral, kLong, kProduct };

struct SampleDocument {
  std::string id;  // "general-000012", "long-000003", "product-000777"
  std::string text;
  std::string domain;  // "encyclopedia", "narrative", "manual" or "shopping"
};

// Document `number` of a kind: a pure function of the three arguments, whatever else is generated.
SampleDocument sample_document(uint64_t seed, SampleKind kind, uint64_t number);

struct SampleCorpusOptions {
  uint64_t seed = 17;
  int64_t general_documents = 2400;  // encyclopedic articles; about 1.2 kB each
  int64_t long_documents = 24;       // narratives and manuals; 45 to 180 kB each
  int64_t products = 5000;           // product records; about 0.7 kB each
};

struct SampleCorpusReport {
  int64_t documents = 0;
  int64_t bytes = 0;  // of text, without the JSON around it
};

// Writes general.jsonl, long.jsonl and ecommerce.jsonl into `directory` (created when missing), one
// object {"id", "text", "domain", "source"} a line, source being "sample". Each file is published
// whole; files of those names are replaced. The defaults make about 8 MB in about a second.
SampleCorpusReport write_sample_corpus(Env& env, const std::filesystem::path& directory,
                                       const SampleCorpusOptions& options);

}  // namespace rexbert::corpus
