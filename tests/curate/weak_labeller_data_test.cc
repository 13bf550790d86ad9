#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "curate/line_truth.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/text/document_reader.h"
#include "support/paths.h"

namespace rexbert::curate {
namespace {

using test::LineScore;
using test::TrueLine;

// A document's lines that are not blank.
using Lines = std::vector<std::string>;

// Which of two halves a document is in: 0, whose errors were looked at when the lexicon was
// written, or 1, kept for the final number. The lowest bit of the MD5 hash's first byte.
int half_of(std::string_view id) {
  const char digit = hash_hex("md5", id)[1];
  return (digit <= '9' ? digit - '0' : digit - 'a') & 1;
}

// The documents of one half, by the source that their ids begin with.
void read_half(const fs::path& path, int half, std::map<std::string, std::vector<Lines>>& all) {
  text::DocumentReader reader(Env::posix(), path, 0, {},
                              text::make_bad_line_handler(text::OnError::kStop));
  text::Document document;
  while (reader.next(document)) {
    if (half_of(document.id) != half) continue;
    Lines lines;
    for (const std::string_view line : split_lines(document.text)) {
      if (line.find_first_not_of(" \t\r") != std::string_view::npos) lines.emplace_back(line);
    }
    const std::string source(document.id.substr(0, document.id.find('-')));
    if (!lines.empty()) all[source].push_back(std::move(lines));
  }
}

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
