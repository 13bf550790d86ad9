#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "curate/line_truth.h"
#include "curate/real_lines.h"
#include "rexbert/core/philox.h"
#include "support/paths.h"

namespace rexbert::curate {
namespace {

using test::Lines;
using test::LineScore;
using test::read_half;
using test::TrueLine;

// `most` lines or fewer from somewhere in the document.
void add_passage(const Lines& document, size_t most, const std::string& source, KeyedRng& rng,
                 std::vector<TrueLine>& lines) {
  const size_t count = std::min(most, document.size());
  const size_t first = rng.next_below(document.size() - count + 1);
  for (size_t i = first; i < first + count; ++i) lines.push_back({document[i], false, source});
}

// Documents of one to five passages: sections of encyclopedia articles (35%) and novels (15%), and
// products, offers in groups as a category page has them.
LineScore score_half(int half) {
  std::map<std::string, std::vector<Lines>> general;
  std::map<std::string, std::vector<Lines>> products;
  read_half(test::shared_data("general/wikipedia.jsonl.zst"), half, general);
  read_half(test::shared_data("general/books.jsonl.zst"), half, general);
  read_half(test::shared_data("ecommerce/products.jsonl.zst"), half, products);
  const auto pick = [](const auto& items, KeyedRng& rng) {
    return std::next(items.begin(), static_cast<ptrdiff_t>(rng.next_below(items.size())));
  };
  WeakLabeller labeller;
  LineScore score;
  for (uint64_t i = 0; i < 2000; ++i) {
    KeyedRng rng(17, Purpose::kTest, static_cast<uint64_t>(half), i);
    std::vector<TrueLine> lines;
    const uint64_t passages = 1 + rng.next_below(5);
    for (uint64_t passage = 0; passage < passages; ++passage) {
      const double draw = rng.next_uniform();
      if (draw < 0.35) {
        add_passage(*pick(general.at("wiki"), rng), 3 + rng.next_below(10), "wiki", rng, lines);
      } else if (draw < 0.5) {
        add_passage(*pick(general.at("novel"), rng), 5 + rng.next_below(16), "novel", rng, lines);
      } else {
        const auto& [source, records] = *pick(products, rng);
        const uint64_t count = records.front().size() <= 3 ? 1 + rng.next_below(8) : 1;
        for (uint64_t record = 0; record < count; ++record) {
          for (const std::string& line : *pick(records, rng)) lines.push_back({line, true, source});
        }
      }
    }
    test::score_lines(labeller, lines, score);
  }
  return score;
}

TEST(WeakLabellerData, FindsProductsAmongArticlesAndNovels) {
  REXBERT_SKIP_WITHOUT(test::shared_data("ecommerce/products.jsonl.zst"));
  std::cout << "half it was made on: " << score_half(0).to_text();
  const LineScore held_out = score_half(1);
  std::cout << "held out: " << held_out.to_text();
  EXPECT_GE(held_out.precision(), 0.97);
  EXPECT_GE(held_out.f1(), 0.92);
}

}  // namespace
}  // namespace rexbert::curate
