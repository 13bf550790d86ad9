#include "rexbert/plan/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/phases_file.h"
#include "support/errors.h"

namespace rexbert::plan {
namespace {

constexpr std::string_view kRun = R"(phases:
  - name: general
    tokens: 1M
    context_length: 100
    learning_rate: {schedule: warmup_stable, peak: 8e-4, warmup: 50k}
    batch: {rows: 40, warmup: {from: 10, tokens: 300k}}
    mixture: {general: 1.0}
  - name: specialization
    tokens: 400k
    learning_rate: {schedule: one_minus_sqrt, from: 3e-4, to: 0}
    masking: {policy: guided, probability: 0.3, strength: 0.5}
    mixture: {from: {general: 1}, to: {ecommerce: 1}}
)";

constexpr std::string_view kText = R"(2 phases, 459 steps, 1.402M tokens, 10 lanes

phase 1 of 2: general
  tokens          1M (1,002,000 in whole steps)
  steps           359: 0 to 358
  rows            10,020
  learning rate   schedule warmup_stable, peak 8e-4, warmup 50k
                  start          1.6e-5 at step 0
                  end of warm-up 8e-4 at step 49
                  middle         8e-4 at step 234
                  end            8e-4 at step 358
  weight decay    1e-5
  batch           40 rows of 100 tokens = 4,000 tokens, grown over 300k tokens:
                        10 rows from step 0 (0 tokens)
                        20 rows from step 100 (100k tokens)
                        30 rows from step 150 (200k tokens)
                        40 rows from step 184 (302k tokens)
  context length  100
  RoPE theta      global 10000, local 10000
  masking         policy uniform, probability 0.3, mask_share 0.8, random_share 0.1
  mixture         general 100%
                  general      needs 1.002M, holds 300k: 3.34 epochs

phase 2 of 2: specialization
  tokens          400k (400,000 in whole steps)
  steps           100: 359 to 458
  rows            4,000
  learning rate   schedule one_minus_sqrt, from 3e-4, to 0, warmup 0
                  start          3e-4 at step 359
                  middle         8.787e-5 at step 409
                  end            1.504e-6 at step 458
  weight decay    1e-5
  batch           40 rows of 100 tokens = 4,000 tokens
  context length  100
  RoPE theta      global 10000, local 10000
  masking         policy guided, probability 0.3, strength 0.5, mask_share 0.8, random_share 0.1
  mixture         general 100%  ->  ecommerce 100%
                  general      needs 202k, holds 300k: 0.6733 epochs
                  ecommerce    needs 198k, holds an unknown number of tokens
  inherited       context_length (from run.yaml:4), batch (from run.yaml:6)

streams
  general      needs 1.204M, holds 300k: 4.013 epochs
  ecommerce    needs 198k, holds an unknown number of tokens
)";

class Report : public testing::Test {
 protected:
  Report()
      : plan_({.phases = read_phases(kRun, reader_),
               .lanes = 10,
               .streams = {"general", "ecommerce"},
               .weight_decay = 1e-5}),
        report_(make_report(plan_, {{"general", 300'000}}, &reader_)) {}

  config::Reader reader_;
  Plan plan_;
  PlanReport report_;
};

TEST_F(Report, LandmarksAreSteps) {
  const std::vector<Landmark>& landmarks = report_.phases.at(0).landmarks;
  ASSERT_EQ(landmarks.size(), 4u);
  EXPECT_EQ(landmarks[0].name, "start");
  EXPECT_DOUBLE_EQ(landmarks[0].learning_rate, 8e-4 * 1000 / 50'000);
  EXPECT_EQ(landmarks[1].name, "end of warm-up");
  EXPECT_EQ(landmarks[1].step, 49) << "steps of 1,000 tokens";
  EXPECT_EQ(landmarks[1].learning_rate, 8e-4);
  EXPECT_EQ(landmarks[2].name, "middle");
  const StepSpec middle = plan_.at(landmarks[2].step);
  EXPECT_GE(middle.phase_tokens_before, 500'000);
  EXPECT_LT(plan_.at(landmarks[2].step - 1).phase_tokens_before, 500'000);
  EXPECT_EQ(landmarks[3].step, plan_.spans()[0].end_step - 1);
  EXPECT_EQ(report_.phases.at(1).landmarks.size(), 3u);
}

TEST_F(Report, StreamNeedsAreTheSumOverSteps) {
  double general = 0;
  double ecommerce = 0;
  for (int64_t step = 0; step < plan_.end_step(); ++step) {
    const StepSpec spec = plan_.at(step);
    general += spec.mixture[0] * static_cast<double>(spec.tokens());
    ecommerce += spec.mixture[1] * static_cast<double>(spec.tokens());
  }
  EXPECT_NEAR(report_.needs.at(0).tokens, general, 1e-6 * general);
  EXPECT_NEAR(report_.needs.at(1).tokens, ecommerce, 1e-6 * ecommerce);
  EXPECT_NEAR(*report_.needs.at(0).epochs(), general / 300'000, 1e-6);
  EXPECT_FALSE(report_.needs.at(1).epochs().has_value());
  EXPECT_EQ(report_.phases.at(0).needs.size(), 1u) << "a phase names the streams that it reads";
}

TEST_F(Report, TextSaysEverything) { EXPECT_EQ(to_text(report_), kText); }

TEST_F(Report, LongWarmUpsAreShownInPart) {
  PlanOptions options = plan_.options();
  options.lanes = 1;
  const std::string text = to_text(make_report(Plan(options)));
  EXPECT_THAT(text, testing::HasSubstr("(9 of 31 sizes shown)"));
  EXPECT_THAT(text, testing::HasSubstr("      10 rows from step 0 (0 tokens)"));
  EXPECT_THAT(text, testing::HasSubstr("      40 rows from step "));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("inherited")));
}

TEST_F(Report, AContinuedRunSaysWhereItBegins) {
  PlanOptions options = plan_.options();
  options.start = plan_.end();
  const std::string text = to_text(make_report(Plan(options)));
  EXPECT_THAT(text, testing::HasSubstr("continues a run of 459 steps and 1.402M tokens\n"));
}

TEST_F(Report, RanksAreToldTheirShareOfTheFirstAndTheLastBatch) {
  const Ranks ranks{.count = 5, .micro_tokens = 350};
  const PlanReport report = make_report(plan_, {}, nullptr, ranks);
  const std::string text = to_text(report);
  EXPECT_THAT(text, testing::HasSubstr("10 lanes on 5 ranks, 2 each\n"));
  EXPECT_THAT(text, testing::HasSubstr(
                        "40 rows from step 184 (302k tokens)\n"
                        "  each rank       2 of 10 rows: 1 micro-batch of 2 rows = 200 tokens\n"
                        "                  8 of 40 rows: 3 micro-batches of 3 rows = 300 tokens, "
                        "the last of 2 rows\n"));
  EXPECT_THAT(text, testing::HasSubstr(
                        "  batch           40 rows of 100 tokens = 4,000 tokens\n"
                        "  each rank       8 of 40 rows: 3 micro-batches of 3 rows = 300 tokens, "
                        "the last of 2 rows\n"
                        "  context length"));

  const Json json = to_json(report);
  EXPECT_EQ(json.at("world_size"), 5);
  EXPECT_EQ(json.at("lanes_per_rank"), 2);
  EXPECT_EQ(json.at("phases").at(0).at("shares").size(), 2u);
  EXPECT_EQ(json.at("phases").at(1).at("shares"), Json::array({{{"batch_rows", 40},
                                                                {"rows", 8},
                                                                {"micro_rows", 3},
                                                                {"micro_tokens", 300},
                                                                {"micro_batches", 3},
                                                                {"last_micro_rows", 2}}}));
}

TEST_F(Report, OneRankHasAllLanes) {
  const std::string text =
      to_text(make_report(plan_, {}, nullptr, Ranks{.count = 1, .micro_tokens = 100}));
  EXPECT_THAT(text, testing::HasSubstr("10 lanes on 1 rank\n"));
  EXPECT_THAT(text, testing::HasSubstr("40 of 40 rows: 40 micro-batches of 1 row = 100 tokens\n"));
}

TEST_F(Report, RefusesRanksThatDoNotDivideTheLanes) {
  EXPECT_EQ(
      test::error_of([&] { make_report(plan_, {}, nullptr, Ranks{.count = 4}); }),
      "usage error: expected a number of ranks that divides the 10 lanes, got 4; nearest are 2 "
      "and 5");
}

TEST_F(Report, JsonHoldsTheSameNumbers) {
  const Json json = to_json(report_);
  EXPECT_EQ(json.at("steps"), plan_.end_step());
  EXPECT_EQ(json.at("tokens_in_whole_steps"), plan_.spans().back().end_tokens);
  const Json& phase = json.at("phases").at(1);
  EXPECT_EQ(phase.at("name"), "specialization");
  EXPECT_EQ(phase.at("tokens"), 400'000);
  EXPECT_EQ(phase.at("context_length"), 100);
  EXPECT_EQ(phase.at("weight_decay"), 1e-5);
  EXPECT_EQ(phase.at("learning_rate").at("schedule"), "one_minus_sqrt");
  EXPECT_EQ(phase.at("learning_rate").at("from"), 3e-4);
  EXPECT_EQ(phase.at("mixture").at("to").at("ecommerce"), 1);
  EXPECT_EQ(phase.at("masking").at("policy"), "guided");
  EXPECT_EQ(phase.at("inherited").at(1), "batch (from run.yaml:6)");
  EXPECT_EQ(phase.at("landmarks").at(0).at("learning_rate"), 3e-4);
  EXPECT_EQ(json.at("phases").at(0).at("growth").size(), 4u);
  EXPECT_EQ(json.at("streams").at(0).at("held"), 300'000);
  EXPECT_TRUE(json.at("streams").at(1).at("held").is_null());
  EXPECT_FALSE(json.contains("world_size"));
  EXPECT_FALSE(json.at("phases").at(0).contains("shares"));
}

}  // namespace
}  // namespace rexbert::plan
