#include "curate/made_crawl.h"

#include "curate/text_kinds.h"
#include "rexbert/core/compression.h"
#include "rexbert/core/json.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::test {
namespace {

constexpr const char* kDomains[] = {"fashion", "home & garden", "sports"};

const TextKind& random_kind(KeyedRng& rng, bool ecommerce) {
  while (true) {
    const auto kinds = rng.next_below(2) == 0 ? text_kinds() : held_out_text_kinds();
    const TextKind& kind = kinds[rng.next_below(kinds.size())];
    if (kind.ecommerce == ecommerce) return kind;
  }
}

// Two to four blocks of four to nine lines, each of one kind.
std::string make_document(KeyedRng& rng, std::vector<bool>& truth) {
  std::vector<std::string> lines;
  const uint64_t blocks = 2 + rng.next_below(3);
  for (uint64_t b = 0; b < blocks; ++b) {
    const bool ecommerce = rng.next_below(2) == 0;
    const size_t count = 4 + rng.next_below(6);
    for (std::string& line : make_lines(random_kind(rng, ecommerce), rng.next_u64(), count)) {
      lines.push_back(std::move(line));
      truth.push_back(ecommerce);
    }
  }
  return str_join(lines, "\n");
}

}  // namespace

MadeCrawl MadeCrawl::write(Env& env, const fs::path& directory, int files, int documents_a_file) {
  MadeCrawl crawl;
  env.create_directories(directory);
  std::string copied;
  std::vector<bool> copied_truth;
  for (int f = 0; f < files; ++f) {
    std::string text;
    for (int d = 0; d < documents_a_file; ++d) {
      const std::string id = str_cat("document-", f, "-", d);
      KeyedRng rng(7, Purpose::kTest, static_cast<uint64_t>(f), static_cast<uint64_t>(d));
      std::vector<bool> truth;
      std::string body = make_document(rng, truth);
      if (d % 20 == 19) {
        body = copied;
        truth = copied_truth;
        ++crawl.copies;
      } else {
        copied = body;
        copied_truth = truth;
      }
      const Json json = {{"id", id},
                         {"text", body},
                         {"url", "https://example.org/" + id},
                         {"domain", kDomains[(f + d / 20) % 3]}};
      text += json.dump() + "\n";
      crawl.truth[id] = truth;
      ++crawl.documents;
    }
    const char* suffix[] = {".jsonl", ".jsonl.gz", ".jsonl.zst"};
    const CompressionSpec specs[] = {{}, {Compression::kGzip, 6}, {Compression::kZstd, 3}};
    const std::string packed = f % 3 == 0 ? text : compress(specs[f % 3], text);
    publish_file(env, directory / str_cat("crawl-", f, suffix[f % 3]), packed);
  }
  return crawl;
}

}  // namespace rexbert::test
