#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "batch/masking_vocabulary.h"
#include "rexbert/batch/spans.h"
#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

using testing::ElementsAre;
using Found = std::vector<std::pair<std::string, SpanKind>>;

constexpr SpanKind kQuantity = SpanKind::kQuantity;
constexpr SpanKind kSize = SpanKind::kSize;
constexpr SpanKind kModel = SpanKind::kModelNumber;
constexpr SpanKind kPrice = SpanKind::kPrice;
constexpr SpanKind kBrand = SpanKind::kBrand;

struct Example {
  std::string text;
  Found spans;
};

const std::vector<Example>& examples() {
  static const std::vector<Example> list = {
      // Quantities with units.
      {"comes with 16 GB of memory", {{"16 GB", kQuantity}}},
      {"comes with 16GB of memory", {{"16GB", kQuantity}}},
      {"a 5.5-inch screen", {{"5.5-inch", kQuantity}}},
      {"net weight 12 oz", {{"12 oz", kQuantity}}},
      {"net weight 12 oz.", {{"12 oz", kQuantity}}},
      {"a 12 fl. oz. bottle", {{"12 fl. oz", kQuantity}}},
      {"a 12 fl oz bottle", {{"12 fl oz", kQuantity}}},
      {"rugs of 10 x 12 in", {{"10 x 12 in", kQuantity}}},
      {"rugs of 10x12 inches", {{"10x12 inches", kQuantity}}},
      {"about 10\" x 12\" x 3\" deep", {{"10\" x 12\" x 3\"", kQuantity}}},
      {"about 8.5 by 11 inches", {{"8.5 by 11 inches", kQuantity}}},
      {"a resolution of 1920x1080", {{"1920x1080", kQuantity}}},
      {"1,500 mAh battery", {{"1,500 mAh", kQuantity}}},
      {"a .5 mm tip", {{".5 mm", kQuantity}}},
      {"a 1/2 inch drive", {{"1/2 inch", kQuantity}}},
      {"a 1 1/2 inch drive", {{"1 1/2 inch", kQuantity}}},
      {"a 1-1/2 in. drive", {{"1-1/2 in", kQuantity}}},
      {"a 1\u00BD cup scoop", {{"1\u00BD cup", kQuantity}}},
      {"lasts 5-10 hours", {{"5-10 hours", kQuantity}}},
      {"lasts 5 to 10 hours", {{"5 to 10 hours", kQuantity}}},
      {"lasts 5\u201310 hours", {{"5\u201310 hours", kQuantity}}},
      {"100% cotton", {{"100%", kQuantity}}},
      {"up to 450\u00B0F in the oven", {{"450\u00B0F", kQuantity}}},
      {"6-pack of socks", {{"6-pack", kQuantity}}},
      {"Pack of 12", {{"Pack of 12", kQuantity}}},
      {"a 220V motor", {{"220V", kQuantity}}},
      {"a 10x zoom lens", {{"10x", kQuantity}}},
      {"he is 5'10\" tall", {{"5'10\"", kQuantity}}},
      {"20 sq. ft. of floor", {{"20 sq. ft", kQuantity}}},
      {"at 80 km/h or so", {{"80 km/h", kQuantity}}},
      {"Black/16GB/512GB", {{"16GB", kQuantity}, {"512GB", kQuantity}}},
      {"(16GB)", {{"16GB", kQuantity}}},
      {"a screen of 10 in, matte", {{"10 in", kQuantity}}},
      {"120 Hz, 4 ms", {{"120 Hz", kQuantity}, {"4 ms", kQuantity}}},
      // Sizes.
      {"Size 10 in red", {{"Size 10", kSize}}},
      {"Size: 10.5", {{"Size: 10.5", kSize}}},
      {"size M only", {{"size M", kSize}}},
      {"in XL and 2XL", {{"XL", kSize}, {"2XL", kSize}}},
      {"an X-Large shirt", {{"X-Large", kSize}}},
      {"Blue/XXL", {{"XXL", kSize}}},
      {"UK 9 or EU 43", {{"UK 9", kSize}, {"EU 43", kSize}}},
      {"Size US 9.5", {{"Size US 9.5", kSize}}},
      {"a Queen size bed", {{"Queen size", kSize}}},
      {"Size 32x34 jeans", {{"Size 32x34", kSize}}},
      {"One Size fits all", {{"One Size", kSize}}},
      {"Size: 15 x 4.5 x 4 inches", {{"Size: 15 x 4.5 x 4 inches", kSize}}},
      {"size 4.33 x 4", {{"size 4.33 x 4", kSize}}},
      // Model numbers.
      {"the WH-1000XM4 headset", {{"WH-1000XM4", kModel}}},
      {"an i7-9700K chip", {{"i7-9700K", kModel}}},
      {"the RTX 3080 card", {{"RTX 3080", kModel}}},
      {"the Airbus A320, old", {{"A320", kModel}}},
      {"Model: 65432", {{"Model: 65432", kModel}}},
      {"model no. X-12", {{"model no. X-12", kModel}}},
      {"fits ABC-1200.", {{"ABC-1200", kModel}}},
      {"802.11AC", {{"802.11AC", kModel}}},
      // Prices.
      {"only $19.99 today", {{"$19.99", kPrice}}},
      {"only 19.99 USD today", {{"19.99 USD", kPrice}}},
      {"USD 20 off", {{"USD 20", kPrice}}},
      {"$1,299.00, free", {{"$1,299.00", kPrice}}},
      {"$10-$20 each", {{"$10-$20", kPrice}}},
      {"\u20AC 15 or 15 \u20AC", {{"\u20AC 15", kPrice}, {"15 \u20AC", kPrice}}},
      {"\u00A3"
       "5",
       {{"\u00A3"
         "5",
         kPrice}}},
      {"some 20 dollars", {{"20 dollars", kPrice}}},
      {"a US$5 note", {{"US$5", kPrice}}},
      // Brands, from the list below.
      {"the Sony headset", {{"Sony", kBrand}}},
      {"by Sony, for you", {{"Sony", kBrand}}},
      {"Sony's best", {{"Sony", kBrand}}},
      {"(Sony)", {{"Sony", kBrand}}},
      {"a Black & Decker drill", {{"Black & Decker", kBrand}}},
      {"Coca-Cola 12 oz", {{"Coca-Cola", kBrand}, {"12 oz", kQuantity}}},
      {"3M tape", {{"3M", kBrand}}},
      {"New Balance 574 shoes", {{"New Balance", kBrand}}},
      {"L'Or\u00E9al cream", {{"L'Or\u00E9al", kBrand}}},
      {"Sony WH-1000XM4, $349", {{"Sony", kBrand}, {"WH-1000XM4", kModel}, {"$349", kPrice}}},
      // Nothing to find.
      {"born in 1990 in London", {}},
      {"5 in the morning", {}},
      {"12 in 2019", {}},
      {"a 3-in-1 tool", {}},
      {"the 1990s and the 90s", {}},
      {"the 1st, 2nd, 3rd and 21st", {}},
      {"at 10am or 10AM", {}},
      {"on page 12 there are 3 men", {}},
      {"a size of its own", {}},
      {"sizes may vary", {}},
      {"COVID-19 and top-10 lists", {}},
      {"mid-1990 and mid-1990s", {}},
      {"THE 200 men, IN 500 towns", {}},
      {"a MODEL of 2019", {}},
      {"US 2019 census", {}},
      {"on US 82 to EU 77", {}},
      {"the \"Hits of 1984\" tape", {}},
      {"a 5-IN-1 tool", {}},
      {"a box of things", {}},
      {"my T-shirt is 3D", {}},
      {"the letters s, m and l", {}},
      {"Sonya and sony", {}},
      {"a black & decker", {}},
      {"the New York Balance", {}},
      {"chapter 4: a, b, c", {}},
      {"10 GBX", {}},
      {"$ and % signs", {}},
      {"Black\n& Decker, 16\nGB", {}},
      {"version 2.5.1 of it", {}},
      {"call 555-1234 now", {}},
      {"1,000 people", {}},
      {"", {}},
  };
  return list;
}

const std::vector<std::string>& brand_list() {
  static const std::vector<std::string> list = {"Sony", "Black & Decker", "Coca-Cola",
                                                "3M",   "New Balance",    "L'Or\u00E9al"};
  return list;
}

// The spans of `text` through tokens cut as `cuts` says, as the text they cover.
Found through_tokens(const std::string& text, const std::vector<bool>& cut_behind) {
  MadeVocabulary made;
  std::vector<int32_t> ids = {kCls};
  std::vector<std::string> pieces = {""};
  std::string piece;
  bool begins = true;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool space = text[i] == ' ';
    if (!space) piece += text[i];
    const bool last = i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\n';
    if (!piece.empty() && (last || cut_behind[i] || text[i] == '\n')) {
      ids.push_back(made.add(piece, begins));
      pieces.push_back((begins ? " " : "") + piece);
      piece.clear();
      begins = false;
    }
    if (space) begins = true;
  }
  ids.push_back(kSep);
  pieces.push_back("");
  std::vector<Span> spans;
  SpanDetector(made.vocabulary, brand_list()).find(ids, spans);
  Found found;
  for (const Span& span : spans) {
    std::string covered;
    for (int32_t t = span.begin; t < span.end; ++t) covered += pieces[t];
    found.emplace_back(str_trim(covered), span.kind);
  }
  return found;
}

TEST(MaskingSpans, FindsWhatTheTableSays) {
  for (const Example& example : examples()) {
    EXPECT_EQ(through_tokens(example.text, std::vector<bool>(example.text.size(), true)),
              example.spans)
        << str_quote(example.text);
  }
}

TEST(MaskingSpans, TextAloneGivesAllButTheBrands) {
  for (const Example& example : examples()) {
    Found expected, found;
    for (const auto& span : example.spans) {
      if (span.second != kBrand) expected.push_back(span);
    }
    const bool near_brand = expected.size() != example.spans.size();
    for (const Span& span : find_text_spans(example.text)) {
      found.emplace_back(example.text.substr(span.begin, span.end - span.begin), span.kind);
    }
    if (near_brand) continue;
    EXPECT_EQ(found, expected) << str_quote(example.text);
  }
}

// However a tokenizer cuts the words, the spans are the same, grown to whole tokens.
TEST(MaskingSpans, EveryCutFindsTheSame) {
  KeyedRng rng(1, Purpose::kTest);
  for (const Example& example : examples()) {
    // Two spans in one word: a token may hold the end of the one and the start of the other.
    if (example.text.starts_with("Black/")) continue;
    for (int round = 0; round < 50; ++round) {
      std::vector<bool> cuts;
      for (size_t i = 0; i < example.text.size(); ++i) cuts.push_back(rng.next_below(3) == 0);
      const Found found = through_tokens(example.text, cuts);
      ASSERT_EQ(found.size(), example.spans.size()) << str_quote(example.text);
      for (size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].second, example.spans[i].second) << str_quote(example.text);
        EXPECT_THAT(found[i].first, testing::HasSubstr(example.spans[i].first));
      }
    }
  }
}

TEST(MaskingSpans, LongestBrandWins) {
  MadeVocabulary made;
  const std::vector<int32_t> ids = {made.add("Ralph", true), made.add("Lauren", true),
                                    made.add("Ralph", true), made.add("Nader", true)};
  std::vector<Span> spans;
  SpanDetector(made.vocabulary, {"Ralph", "Ralph Lauren"}).find(ids, spans);
  EXPECT_THAT(spans, ElementsAre(Span{0, 2, kBrand}, Span{2, 3, kBrand}));
}

TEST(MaskingSpans, NoSpanCrossesASpecialToken) {
  MadeVocabulary made;
  const int32_t number = made.add("16", true), unit = made.add("GB", true);
  std::vector<Span> spans;
  const SpanDetector detector(made.vocabulary, {});
  detector.find(std::vector<int32_t>{kCls, number, unit, kSep}, spans);
  EXPECT_THAT(spans, ElementsAre(Span{1, 3, kQuantity}));
  detector.find(std::vector<int32_t>{number, kSep, kCls, unit}, spans);
  EXPECT_THAT(spans, ElementsAre());
}

// Random text made of the parts that the patterns are about: spans are ascending, disjoint, inside
// of the text, and a byte-by-byte tokenizer finds what find_text_spans() finds.
TEST(MaskingSpans, TokensAgreeWithTextOnRandomText) {
  const ByteVocabulary bytes;
  const SpanDetector detector(bytes.vocabulary, {});
  const std::vector<std::string> parts = {
      "1",  "20",     "3.5",    ",",      ".",      "-",  "/",   " ",    " ",    " ",    "x",
      "in", "GB",     "oz",     "$",      "%",      "\"", "'",   "XL",   "Size", "Pack", " of ",
      "WH", "RTX",    "a",      "the",    "US",     "Q",  "fl",  "sq",   "ft",   "(",    ")",
      ":",  "\u20AC", "\u00D7", "\u00BD", "\u2013", "to", "USD", "model"};
  KeyedRng rng(2, Purpose::kTest);
  size_t total = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (uint64_t i = rng.next_below(12) + 1; i > 0; --i)
      text += parts[rng.next_below(parts.size())];
    text = std::string(str_trim(text));
    const std::vector<Span> expected = find_text_spans(text);
    total += expected.size();
    int32_t done = 0;
    for (const Span& span : expected) {
      ASSERT_GE(span.begin, done) << str_quote(text);
      ASSERT_LT(span.begin, span.end) << str_quote(text);
      ASSERT_LE(span.end, static_cast<int32_t>(text.size())) << str_quote(text);
      done = span.end;
    }
    // Positions of bytes as tokens: spaces are not tokens, except behind other spaces.
    std::vector<int32_t> token_of;
    int32_t count = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const bool silent = text[i] == ' ' && text[i - 1] != ' ';
      token_of.push_back(count);
      count += !silent;
    }
    token_of.push_back(count);
    std::vector<Span> found, mapped;
    detector.find(bytes.encode(text), found);
    for (const Span& span : expected) {
      mapped.push_back({token_of[span.begin], token_of[span.end], span.kind});
    }
    ASSERT_EQ(found.size(), mapped.size()) << str_quote(text);
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].begin, mapped[i].begin) << str_quote(text);
      EXPECT_EQ(found[i].kind, mapped[i].kind) << str_quote(text);
    }
  }
  EXPECT_GT(total, 3'000u);
}

TEST(MaskingSpans, RefusesABrandWithoutALetter) {
  MadeVocabulary made;
  EXPECT_THROW(SpanDetector(made.vocabulary, {"& Co"}), Error);
}

}  // namespace
}  // namespace rexbert::batch
