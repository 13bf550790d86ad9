#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "support/world.h"

// What the commands that look into shards and tables print.
namespace rexbert {
namespace {

using test::World;
using testing::EndsWith;
using testing::HasSubstr;

class InspectionTest : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (world_.path() / name).string(); }

  static std::string output_of(const std::vector<std::string>& arguments) {
    const test::CommandResult result = test::run_rexbert(arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  const World& world_ = World::instance();
  std::string shards_ = at("shards/ecommerce/train");
};

TEST_F(InspectionTest, ShardsInfoNamesCountsColumnsAndTokenizer) {
  const std::string text = output_of({"shards", "info", shards_});
  EXPECT_THAT(text, HasSubstr("samples      101\n"));  // of 120: about 10% are held out
  EXPECT_THAT(text, HasSubstr("column       input_ids  ndarray:uint16\n"));
  EXPECT_THAT(text, HasSubstr("vocabulary   512\n"));
}

TEST_F(InspectionTest, ShardsVerifyFindsWhatWasWrittenSound) {
  const std::string text = output_of({"shards", "verify", shards_});
  EXPECT_THAT(text, HasSubstr("1 shards, 101 samples, "));
  EXPECT_THAT(text, HasSubstr(": sound\n"));
}

TEST_F(InspectionTest, ShardsShowPrintsADocumentBetweenItsSpecialTokens) {
  const std::string text = output_of({"shards", "show", shards_, "--sample", "3", "--limit", "0"});
  EXPECT_THAT(text, HasSubstr("shard 0 sample 3\nid  str  \"product-"));
  EXPECT_THAT(text, HasSubstr("]  2 "));  // [CLS]
  EXPECT_THAT(text, EndsWith(" 3\n"));    // [SEP]
}

TEST_F(InspectionTest, SalienceReportSetsGuidedBesideUniform) {
  const auto report =
      Json::parse(output_of({"salience", "report", "--table", at("salience.json"), "--data",
                             shards_, "--tokenizer", at("tokenizer"), "--json"}));
  std::map<std::string, Json> policies;
  for (const Json& policy : report) policies[policy.at("policy")] = policy;
  const auto share = [&](const std::string& policy) -> double {
    EXPECT_NEAR(policies[policy].at("rate").get<double>(), 0.3, 0.02) << policy;
    return policies[policy].at("spans").at("quantity").at("share_of_masked");
  };
  EXPECT_GT(share("guided"), share("uniform"));
}

TEST_F(InspectionTest, BenchLoaderCountsWhatItRead) {
  const auto result = Json::parse(
      output_of({"bench", "loader", "--data", shards_, "--tokenizer", at("tokenizer"), "--context",
                 "64", "--tokens", "20000", "--repeats", "2", "--lanes", "2", "--json"}));
  EXPECT_GE(result.at("tokens").get<int64_t>(), 19000);
  EXPECT_LT(result.at("unfilled").get<double>(), 0.05);
  EXPECT_GT(result.at("tokens_per_second").get<double>(), 0);
}

}  // namespace
}  // namespace rexbert
