// Writes documents whose lines are known, for scripts/curation_truth.sh: of five domains, each
// document made of passages of real text and of generated kinds.
//
//   rexbert_curate_plant DATA_DIR OUTPUT_DIR DOCUMENTS_A_DOMAIN
//
// DATA_DIR holds general/wikipedia.jsonl.zst, general/books.jsonl.zst and
// ecommerce/products.jsonl.zst. OUTPUT_DIR gets train/crawl.jsonl from one half of their documents
// and the generated kinds that the weak labeller was made on, test/crawl.jsonl from the other half
// and other kinds, and the labels of both, train.labels.jsonl and test.labels.jsonl: {"id",
// "labels": [1, 0, ...]}.

#include <cstdio>
#include <cstdlib>
#include <iterator>

#include "curate/real_lines.h"
#include "curate/text_kinds.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/corpus/sample_corpus.h"
#include "rexbert/curate/document.h"

namespace rexbert::test {
namespace {

class Planter {
 public:
  Planter(const fs::path& data, int half) : half_(half) {
    read_half(data / "general/wikipedia.jsonl.zst", half, general_);
    read_half(data / "general/books.jsonl.zst", half, general_);
    read_half(data / "ecommerce/products.jsonl.zst", half, products_);
  }

  void write(Env& env, const fs::path& output, const std::string& name, uint64_t documents) {
    std::string crawl;
    std::string labels;
    for (const char* domain : {"reference", "stories", "shop", "talk", "made"}) {
      for (uint64_t d = 0; d < documents; ++d) {
        KeyedRng rng(23 + static_cast<uint64_t>(half_), Purpose::kTest, domain[0], d);
        lines_.clear();
        truth_.clear();
        plant(domain, rng);
        const std::string id = str_cat(domain, "-", d);
        const Json document = {{"id", id}, {"domain", domain}, {"text", str_join(lines_, "\n")}};
        crawl += document.dump() + "\n";
        labels += Json({{"id", id}, {"labels", truth_}}).dump() + "\n";
      }
    }
    env.create_directories(output / name);
    publish_file(env, output / name / "crawl.jsonl", crawl);
    publish_file(env, output / (name + ".labels.jsonl"), labels);
  }

 private:
  void plant(const std::string& domain, KeyedRng& rng) {
    const uint64_t passages = 2 + rng.next_below(4);
    for (uint64_t i = 0; i < passages; ++i) {
      const bool ecommerce = rng.next_below(2) == 0;
      if (domain == "made") {
        add_sample(ecommerce, rng);
      } else if (ecommerce) {
        // An article has a product or a guide in it; a shop page has its terms and reviews as well.
        const uint64_t of_kinds = domain == "shop" ? 2 : domain == "talk" ? 2 : 1;
        rng.next_below(4) < of_kinds ? add_kind(true, rng) : add_products(rng);
      } else if (domain == "stories") {
        add_passage("novel", rng);
      } else if (domain == "reference" || (domain == "shop" && rng.next_below(2) == 0)) {
        add_passage("wiki", rng);
      } else {
        add_kind(false, rng);
      }
    }
  }

  void add(const std::string& line, bool ecommerce) {
    lines_.push_back(line);
    truth_.push_back(ecommerce ? 1 : 0);
  }

  void add_passage(const std::string& source, KeyedRng& rng) {
    const auto& documents = general_.at(source);
    const Lines& lines = documents[rng.next_below(documents.size())];
    const size_t count = std::min<size_t>(3 + rng.next_below(8), lines.size());
    const size_t first = rng.next_below(lines.size() - count + 1);
    for (size_t i = first; i < first + count; ++i) add(lines[i], false);
  }

  void add_products(KeyedRng& rng) {
    const auto source =
        std::next(products_.begin(), static_cast<std::ptrdiff_t>(rng.next_below(products_.size())));
    const auto& records = source->second;
    const uint64_t count = records.front().size() <= 3 ? 2 + rng.next_below(6) : 1;
    for (uint64_t i = 0; i < count; ++i) {
      for (const std::string& line : records[rng.next_below(records.size())]) add(line, true);
    }
  }

  void add_kind(bool ecommerce, KeyedRng& rng) {
    const auto kinds = half_ == 0 ? text_kinds() : held_out_text_kinds();
    while (true) {
      const TextKind& kind = kinds[rng.next_below(kinds.size())];
      if (kind.ecommerce != ecommerce) continue;
      const size_t count = 4 + rng.next_below(6);
      for (const std::string& line : make_lines(kind, rng.next_u64(), count)) add(line, ecommerce);
      return;
    }
  }

  // Of the sample corpus: a product, or some lines of an article.
  void add_sample(bool ecommerce, KeyedRng& rng) {
    const auto kind = ecommerce ? corpus::SampleKind::kProduct : corpus::SampleKind::kGeneral;
    const auto seed = static_cast<uint64_t>(100 + half_);
    const auto document = corpus::sample_document(seed, kind, rng.next_below(100'000));
    size_t left = 12;
    for (const std::string_view line : curate::split_lines(document.text)) {
      if (str_trim(line).empty()) continue;
      if (left-- == 0) break;
      add(std::string(line), ecommerce);
    }
  }

  int half_;
  std::map<std::string, std::vector<Lines>> general_;
  std::map<std::string, std::vector<Lines>> products_;
  std::vector<std::string> lines_;
  std::vector<int> truth_;
};

}  // namespace
}  // namespace rexbert::test

int main(int argc, char** argv) {
  using namespace rexbert;
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s DATA_DIR OUTPUT_DIR DOCUMENTS_A_DOMAIN\n", argv[0]);
    return 2;
  }
  try {
    const uint64_t documents = std::strtoull(argv[3], nullptr, 10);
    test::Planter(argv[1], 0).write(Env::posix(), argv[2], "train", documents);
    test::Planter(argv[1], 1).write(Env::posix(), argv[2], "test", documents);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}
