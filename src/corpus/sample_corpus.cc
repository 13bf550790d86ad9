#include "rexbert/corpus/sample_corpus.h"

#include <string_view>

#include "corpus/articles.h"
#include "corpus/grammar.h"
#include "corpus/long_documents.h"
#include "corpus/products.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

void check_count(std::string_view name, int64_t count) {
  if (count >= 0) return;
  throw Error(ErrorCode::kUsage, str_cat(name, ": expected 0 or more documents, got ", count));
}

void write_file(Env& env, const fs::path& path, uint64_t seed, SampleKind kind, int64_t count,
                SampleCorpusReport& report) {
  const fs::path aside = path.string() + ".tmp";
  const auto file = env.new_writable_file(aside);
  for (int64_t number = 0; number < count; ++number) {
    const SampleDocument document = sample_document(seed, kind, static_cast<uint64_t>(number));
    const Json line = {{"id", document.id},
                       {"text", document.text},
                       {"domain", document.domain},
                       {"source", "sample"}};
    file->append(line.dump() + "\n");
    report.documents += 1;
    report.bytes += static_cast<int64_t>(document.text.size());
  }
  file->sync();
  file->close();
  env.rename(aside, path);
}

}  // namespace

SampleDocument sample_document(uint64_t seed, SampleKind kind, uint64_t number) {
  Draw draw(KeyedRng(seed, Purpose::kSampleCorpus, number, static_cast<uint64_t>(kind)));
  const auto number_text = static_cast<unsigned long long>(number);
  switch (kind) {
    case SampleKind::kGeneral:
      return {str_printf("general-%06llu", number_text), write_article(draw), "encyclopedia"};
    case SampleKind::kLong:
      return number % 2 == 0 ? SampleDocument{str_printf("long-%06llu", number_text),
                                              write_narrative(draw), "narrative"}
                             : SampleDocument{str_printf("long-%06llu", number_text),
                                              write_manual(draw), "manual"};
    case SampleKind::kProduct:
      return {str_printf("product-%06llu", number_text), write_product(seed, number, draw),
              "shopping"};
  }
  throw Error(ErrorCode::kInternal, "unknown kind of sample document");
}

SampleCorpusReport write_sample_corpus(Env& env, const fs::path& directory,
                                       const SampleCorpusOptions& options) {
  check_count("general_documents", options.general_documents);
  check_count("long_documents", options.long_documents);
  check_count("products", options.products);
  env.create_directories(directory);
  SampleCorpusReport report;
  write_file(env, directory / "general.jsonl", options.seed, SampleKind::kGeneral,
             options.general_documents, report);
  write_file(env, directory / "long.jsonl", options.seed, SampleKind::kLong, options.long_documents,
             report);
  write_file(env, directory / "ecommerce.jsonl", options.seed, SampleKind::kProduct,
             options.products, report);
  env.sync_directory(directory);
  return report;
}

}  // namespace rexbert::corpus
