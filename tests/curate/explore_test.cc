#include "rexbert/curate/explore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/error.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;

Document make_document(const std::string& domain, const std::string& text) {
  return {.id = "x", .text = text, .domain = domain};
}

TEST(Exploration, CountsByProbabilities) {
  Exploration exploration;
  exploration.add(make_document("toys", "three small words\n\n one"),
                  std::vector<double>{0.25, 0.9, 1});
  const DomainCounts& counts = exploration.domains().at("toys");
  EXPECT_EQ(counts.documents, 1);
  EXPECT_EQ(counts.lines, 2);
  EXPECT_EQ(counts.words, 4);
  EXPECT_EQ(counts.bytes, 23);
  EXPECT_EQ(counts.kept_lines(), 1.25);
  EXPECT_EQ(counts.kept_words(), 1.75);
  EXPECT_EQ(counts.share(), 1.75 / 4);
}

TEST(Exploration, CountsByLabels) {
  Exploration exploration;
  exploration.add({.document = make_document("toys", "one two\nthree\nfour five six\nseven"),
                   .lines = {0, 1, 2},
                   .labels = {Label::kEcommerce, Label::kFailed, Label::kOther}});
  const DomainCounts& counts = exploration.domains().at("toys");
  EXPECT_EQ(counts.lines, 2);
  EXPECT_EQ(counts.words, 5);
  EXPECT_EQ(counts.unlabelled_lines, 2);
  EXPECT_EQ(counts.share(), 0.4);
}

TEST(Exploration, IsTheSameForAnyOrderAndSplit) {
  Exploration whole;
  Exploration first;
  Exploration second;
  std::vector<std::pair<Document, std::vector<double>>> documents;
  for (int i = 0; i < 300; ++i) {
    documents.emplace_back(
        make_document(i % 3 == 0 ? "a" : "b", std::string(static_cast<size_t>(i % 9), 'x') + " y"),
        std::vector<double>{i / 299.0});
  }
  for (const auto& [document, probabilities] : documents) whole.add(document, probabilities);
  for (size_t i = documents.size(); i-- > 0;) {
    (i % 4 == 0 ? first : second).add(documents[i].first, documents[i].second);
  }
  second.merge(first);
  EXPECT_EQ(second.domains(), whole.domains());
}

TEST(Exploration, ProposesDomainsAboveBothFloors) {
  Exploration exploration;
  const auto add = [&](const std::string& domain, int documents, double probability) {
    for (int i = 0; i < documents; ++i) {
      exploration.add(make_document(domain, "ten words of text stand here for all to see"),
                      std::vector<double>{probability});
    }
  };
  add("fashion", 100, 0.75);
  add("small shop", 2, 1);
  add("news", 1000, 0.0625);
  const ProposalOptions options = {
      .minimum_share = 0.5, .minimum_kept_words = 5000, .expansion = 10};
  const std::vector<DomainProposal> proposals = exploration.propose(options);
  ASSERT_EQ(proposals.size(), 3);
  EXPECT_EQ(proposals[0].domain, "fashion");
  EXPECT_EQ(proposals[0].kept_words, 7500);
  EXPECT_TRUE(proposals[0].worthwhile);
  EXPECT_EQ(proposals[1].domain, "news");
  EXPECT_FALSE(proposals[1].worthwhile);
  EXPECT_EQ(proposals[2].domain, "small shop");
  EXPECT_FALSE(proposals[2].worthwhile);
  const Json json = to_json(options, proposals);
  EXPECT_EQ(json["worthwhile"], Json::array({"fashion"}));
  EXPECT_EQ(json["domains"][1]["expected_words"], 6250);
  EXPECT_EQ(json["domains"][1]["share"], 0.0625);
}

TEST(Exploration, RefusesWhatDoesNotFit) {
  Exploration exploration;
  const Document document = make_document("toys", "one\ntwo");
  EXPECT_THROW(exploration.add(document, std::vector<double>{1}), Error);
  EXPECT_THROW(exploration.add(document, std::vector<double>{1, 1.5}), Error);
  EXPECT_THROW(exploration.add({.document = document, .lines = {2}, .labels = {Label::kOther}}),
               Error);
  EXPECT_THROW(exploration.add({.document = document, .lines = {0}, .labels = {}}), Error);
  EXPECT_TRUE(exploration.domains().empty());
}

}  // namespace
}  // namespace rexbert::curate
