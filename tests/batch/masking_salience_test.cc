#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

#include "batch/made_stream.h"
#include "batch/masking_batch.h"
#include "rexbert/batch/masking_report.h"
#include "rexbert/batch/salience.h"
#include "rexbert/batch/salience_builder.h"
#include "rexbert/core/error.h"
#include "rexbert/shard/token_stream.h"

namespace rexbert::batch {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(MaskingSalience, LogOddsByHand) {
  // alpha = 100 * 40 / 3000 = 4/3; delta = ln(31.33 / 1068.67) - ln(11.33 / 2088.67).
  const LogOdds odds = log_odds(30, 10, 1000, 2000, 100);
  EXPECT_NEAR(odds.delta, 1.6870483959964813, 1e-14);
  EXPECT_NEAR(odds.deviation, 0.3466268710510891, 1e-14);
  EXPECT_NEAR(odds.salience(), 1.6870483959964813 - 1.96 * 0.3466268710510891, 1e-14);
  const LogOdds other = log_odds(10, 30, 2000, 1000, 100);
  EXPECT_NEAR(other.delta, -odds.delta, 1e-14);
  EXPECT_NEAR(other.salience(), -odds.salience(), 1e-14);
}

TEST(MaskingSalience, WhatTheCountsDoNotSettleIsZero) {
  EXPECT_EQ(log_odds(0, 0, 1000, 1000, 100).delta, 0);
  EXPECT_EQ(log_odds(0, 0, 1000, 1000, 100).salience(), 0);
  EXPECT_EQ(log_odds(1, 0, 1000, 1000, 100).salience(), 0);
  EXPECT_GT(log_odds(200, 100, 10'000, 10'000, 100).salience(), 0);
  // A heavier prior draws towards 0.
  EXPECT_LT(log_odds(40, 10, 1000, 1000, 10'000).delta, log_odds(40, 10, 1000, 1000, 10).delta);
}

SalienceTable small_table() {
  return {.tokenizer_fingerprint = "0123",
          .prior_tokens = 250.5,
          .domain_V = {0, 3, 1'000'000'000'000, 7},
          .general_V = {0, 1, 2, 3},
          .brands = {{"L'Or\u00E9al", 20}, {"New Balance", 0}}};
}

std::string parse_error(const std::string& text, ErrorCode code) {
  try {
    SalienceTable::parse(text, "s.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  return "nothing thrown";
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(MaskingSalience, FileRoundTrip) {
  const ScratchFolder scratch("salience");
  const SalienceTable table = small_table();
  table.save(Env::posix(), scratch.path() / "s.json");
  EXPECT_EQ(SalienceTable::load(Env::posix(), scratch.path() / "s.json"), table);
  EXPECT_EQ(SalienceTable::parse(table.dump(), "s").dump(), table.dump());
}

TEST(MaskingSalience, DamagedFilesAreRefused) {
  const std::string good = small_table().dump();
  EXPECT_THAT(parse_error(replaced(good, "\"count\":20", "\"count\":21"), ErrorCode::kCorrupt),
              HasSubstr("s.json: expected a table of hash "));
  EXPECT_THAT(
      parse_error(replaced(good, "\"version\":1", "\"version\":2"), ErrorCode::kIncompatible),
      HasSubstr("expected version 1 of the format, got 2"));
  EXPECT_THAT(parse_error(replaced(good, "rexbert-salience", "rexbert-other"), ErrorCode::kCorrupt),
              HasSubstr("expected format rexbert-salience, got \"rexbert-other\""));
  EXPECT_THAT(parse_error(replaced(good, "\"hash\"", "\"hush\""), ErrorCode::kCorrupt),
              HasSubstr("hash"));
  EXPECT_THAT(
      parse_error(replaced(good, "\"version\"", "\"x\":1,\"version\""), ErrorCode::kCorrupt),
      HasSubstr("alone"));
  EXPECT_THAT(parse_error("", ErrorCode::kCorrupt), HasSubstr("s.json"));
  EXPECT_THAT(parse_error("[]", ErrorCode::kCorrupt), HasSubstr("s.json"));
  // Cut anywhere, or with any byte changed.
  for (size_t i = 0; i + 1 < good.size(); ++i) {
    EXPECT_THROW(SalienceTable::parse(good.substr(0, i), "s.json"), Error) << i;
    std::string flipped = good;
    flipped[i] ^= 0x01;
    EXPECT_THROW(SalienceTable::parse(flipped, "s.json"), Error) << i;
  }
}

TEST(MaskingSalience, AnotherTokenizerIsRefused) {
  small_table().require_tokenizer("0123", 4);
  try {
    small_table().require_tokenizer("4567", 4);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kIncompatible);
    EXPECT_THAT(error.what(), HasSubstr("tokenizer 4567 of 4 ids, got one made with 0123"));
  }
  EXPECT_THROW(small_table().require_tokenizer("0123", 5), Error);
}

// Words as tokens of their own, with the punctuation that touches them cut off.
class WordTokens {
 public:
  std::vector<int32_t> encode(const std::string& text) {
    std::vector<int32_t> ids = {kCls};
    std::istringstream in(text);
    for (std::string word; in >> word;) {
      bool begins = true;
      while (!word.empty()) {
        size_t end = 1;
        while (std::isalnum(word[0]) && end < word.size() && std::isalnum(word[end])) ++end;
        ids.push_back(id(word.substr(0, end), begins));
        word.erase(0, end);
        begins = false;
      }
    }
    ids.push_back(kSep);
    return ids;
  }
  int32_t id(const std::string& piece, bool begins) {
    const std::string key = (begins ? " " : "") + piece;
    if (!ids_.contains(key)) ids_[key] = made_.add(piece, begins);
    return ids_[key];
  }
  const MaskVocabulary& vocabulary() const { return made_.vocabulary; }

 private:
  MadeVocabulary made_;
  std::unordered_map<std::string, int32_t> ids_;
};

struct Corpora {
  WordTokens words;
  std::vector<std::vector<int32_t>> domain, general;

  Corpora() {
    for (int i = 0; i < 60; ++i) {
      domain.push_back(
          words.encode("The Zenith Bottle by Ralph Lauren, Stainless Steel, Size 10 USB"));
      domain.push_back(
          words.encode("Buy the Zenith's bottle of stainless steel. Zenith and Bottle"));
      general.push_back(
          words.encode("The man and the dog ran. Ralph saw a bottle in London, of steel"));
      general.push_back(words.encode("Buy the stainless house of Ralph and London, the man said"));
    }
    // Acme stands in front of Zenith 25 times of 60: often, but no name of two words.
    for (int i = 0; i < 60; ++i) domain.push_back(words.encode(i < 25 ? "Acme Zenith" : "an Acme"));
    domain.push_back(words.encode("Rarebrand"));
  }

  SalienceTable table(SalienceOptions options = {},
                      const std::vector<std::string>& listed = {}) const {
    options.prior_tokens = 100;
    SalienceCounter counter(words.vocabulary(), options);
    for (const auto& ids : domain) counter.add(Corpus::kDomain, ids);
    for (const auto& ids : general) counter.add(Corpus::kGeneral, ids);
    return counter.finish("made", listed);
  }
};

TEST(MaskingSalience, CountsEveryTokenButTheSpecialOnes) {
  Corpora corpora;
  const SalienceTable table = corpora.table();
  EXPECT_EQ(table.tokenizer_fingerprint, "made");
  EXPECT_EQ(table.domain_V[kCls], 0u);
  EXPECT_EQ(table.domain_V[corpora.words.id("Zenith", true)], 205u);
  EXPECT_EQ(table.general_V[corpora.words.id("Zenith", true)], 0u);
  EXPECT_EQ(table.general_V[corpora.words.id("Ralph", true)], 120u);
  const auto odds_V = table.log_odds_V();
  EXPECT_GT(odds_V[corpora.words.id("Zenith", true)].salience(), 2);
  EXPECT_LT(odds_V[corpora.words.id("London", true)].salience(), -1);
}

TEST(MaskingSalience, LearnsBrandsThatAreCapitalisedAndSalient) {
  const Corpora corpora;
  // Not Bottle, Stainless and Steel, which also occur in lower case; not London, which is general;
  // not USB, Size and what is rare. Ralph is too general alone.
  EXPECT_THAT(corpora.table().brand_names(),
              ElementsAre("Acme", "Lauren", "Ralph Lauren", "Zenith"));
  EXPECT_THAT(corpora.table({.brand_count = 150}).brand_names(), ElementsAre("Zenith"));
  EXPECT_THAT(
      corpora.table({.brand_count = 150}, {"Zenith", "Black & Decker"}).brands,
      ElementsAre(SalienceTable::Brand{"Black & Decker", 0}, SalienceTable::Brand{"Zenith", 205}));
}

TEST(MaskingSalience, ForgetsRareWordsWhenThereAreTooMany) {
  Corpora corpora;
  for (int i = 0; i < 5000; ++i) {
    std::string word = "w";
    for (int rest = i; rest > 0; rest /= 10) word += static_cast<char>('a' + rest % 10);
    corpora.general.push_back(corpora.words.encode(word));
  }
  EXPECT_EQ(corpora.table({.held_words = 200}), corpora.table());
  EXPECT_NE(corpora.table({.held_words = 4}), corpora.table());
}

TEST(MaskingSalience, BrandListsNameFileAndLine) {
  const ScratchFolder scratch("brands");
  const fs::path path = scratch.path() / "brands.txt";
  publish_file(Env::posix(), path, "# ours\n\n  Acme \nBlack & Decker\n3M\n");
  EXPECT_THAT(read_brand_list(Env::posix(), path), ElementsAre("Acme", "Black & Decker", "3M"));
  for (const std::string bad : {"& Co", "a b c d e"}) {
    publish_file(Env::posix(), path, "Acme\n" + bad + "\n");
    try {
      read_brand_list(Env::posix(), path);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
      EXPECT_THAT(error.what(), HasSubstr("brands.txt:2: expected a brand of one to 4 words"));
    }
  }
}

void write_documents(const fs::path& folder, const std::vector<std::vector<int32_t>>& documents) {
  shard::MdsWriter writer(Env::posix(), folder,
                          {.columns = {{"input_ids", "ndarray:uint16"}}, .size_limit = 2048});
  for (const std::vector<int32_t>& ids : documents) {
    const std::vector<uint16_t> narrow(ids.begin(), ids.end());
    writer.write(std::vector<shard::Value>{
        shard::NdArray::from<uint16_t>(std::span<const uint16_t>(narrow))});
  }
  writer.finish();
}

TEST(MaskingSalience, StreamsGiveWhatTheirDocumentsGive) {
  const ScratchFolder scratch("salience_stream");
  const Corpora corpora;
  write_documents(scratch.path() / "domain", corpora.domain);
  write_documents(scratch.path() / "general", corpora.general);
  const auto domain = shard::TokenStream::open(Env::posix(), scratch.path() / "domain");
  const auto general = shard::TokenStream::open(Env::posix(), scratch.path() / "general");
  ASSERT_GT(domain.shards(), 2u);
  SalienceOptions options{.prior_tokens = 100, .tokens = 0};
  SalienceCounter all(corpora.words.vocabulary(), options);
  count_stream(all, Corpus::kDomain, domain, options);
  count_stream(all, Corpus::kGeneral, general, options);
  EXPECT_EQ(all.finish("made"), corpora.table());
  // A part: the same number of tokens from every shard.
  options.tokens = 60;
  uint64_t told = 0;
  SalienceCounter part(corpora.words.vocabulary(), options);
  count_stream(part, Corpus::kDomain, domain, options, [&told](uint64_t done) { told = done; });
  EXPECT_EQ(told, 60u);
}

TEST(MaskingSalience, GuidedMaskingSpendsMoreOnSpans) {
  const ScratchFolder scratch("masking_report");
  const MadeText text;
  KeyedRng rng(3, Purpose::kTest);
  std::vector<std::vector<int32_t>> documents;
  for (int i = 0; i < 400; ++i) documents.push_back(text.document(rng, 300));
  documents.push_back(text.document(rng, 3000));
  write_documents(scratch.path() / "data", documents);
  const auto stream = shard::TokenStream::open(Env::posix(), scratch.path() / "data");
  const Masker masker(1, text.vocabulary(), text.salience());
  const plan::MaskingSpec uniform{.probability = 0.3};
  const plan::MaskingSpec guided{
      .policy = plan::MaskingPolicy::kGuided, .probability = 0.3, .strength = 0.5};
  const MaskingStatistics before = measure_masking(masker, uniform, stream, 1 << 30);
  const MaskingStatistics after = measure_masking(masker, guided, stream, 1 << 30);
  EXPECT_EQ(before.tokens, 400 * 298 + 2998);
  EXPECT_EQ(after.tokens, before.tokens);
  // Standard deviation of a rate over 120,000 tokens: 0.13 points, and more where spans are long.
  EXPECT_NEAR(before.rate(), 0.3, 0.006);
  EXPECT_NEAR(after.rate(), 0.3, 0.009);
  for (const SpanKind kind :
       {SpanKind::kQuantity, SpanKind::kModelNumber, SpanKind::kPrice, SpanKind::kBrand}) {
    ASSERT_GT(before.of(kind).spans, 1000) << to_string(kind);
    EXPECT_EQ(before.of(kind).tokens, after.of(kind).tokens);
    EXPECT_NEAR(before.share_of_masked(kind), before.share_of_tokens(kind), 0.01);
    // A price's bonus is smaller, and here a third of all tokens lies in spans.
    const double gain = kind == SpanKind::kPrice ? 0.9 : 1.1;
    EXPECT_GT(after.share_of_masked(kind), gain * before.share_of_masked(kind)) << to_string(kind);
    EXPECT_GT(after.of(kind).whole, 2 * before.of(kind).whole) << to_string(kind);
  }
  const Json json = to_json(guided, after);
  EXPECT_EQ(json["policy"], "guided");
  EXPECT_EQ(json["spans"]["brand"]["share_of_masked"], after.share_of_masked(SpanKind::kBrand));
  // The first samples alone.
  EXPECT_LT(measure_masking(masker, uniform, stream, 1000).tokens, 1300);
}

}  // namespace
}  // namespace rexbert::batch
