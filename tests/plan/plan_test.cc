#include "rexbert/plan/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "plan/phases_file.h"

namespace rexbert::plan {
namespace {

PhaseOptions simple_phase(std::string name, int64_t tokens, int64_t rows, int32_t context_length) {
  PhaseOptions phase;
  phase.name = std::move(name);
  phase.tokens = tokens;
  phase.context_length = context_length;
  phase.batch.rows = rows;
  phase.learning_rate.peak = 1e-3;
  phase.mixture.from = {{"general", 1}};
  return phase;
}

PlanOptions with(std::vector<PhaseOptions> phases, int64_t lanes = 1) {
  return {.phases = std::move(phases), .lanes = lanes, .streams = {"general", "ecommerce"}};
}

std::string problems(const PlanOptions& options) {
  return config_error_of([&] { Plan plan(options); });
}

TEST(Plan, PhasesFollowEachOtherInWholeSteps) {
  // Steps of 80 and of 320 tokens; the first phase runs 60 tokens over.
  PlanOptions options =
      with({simple_phase("a", 100, 8, 10), simple_phase("b", 640, 4, 80)}, /*lanes=*/4);
  options.phases[1].weight_decay = 0.25;
  options.phases[1].rope_theta = {160000, 20000};
  options.weight_decay = 0.5;
  const Plan plan(options);
  ASSERT_EQ(plan.spans().size(), 2u);
  EXPECT_EQ(plan.spans()[0].steps(), 2);
  EXPECT_EQ(plan.spans()[0].tokens(), 160);
  EXPECT_EQ(plan.spans()[1].first_step, 2);
  EXPECT_EQ(plan.spans()[1].steps(), 2);
  EXPECT_EQ(plan.end_step(), 4);
  EXPECT_EQ(plan.end(), (PlanStart{4, 24, 800, 1e-3}));

  const StepSpec last_of_first = plan.at(1);
  EXPECT_EQ(last_of_first.phase, 0);
  EXPECT_EQ(last_of_first.first_row, 8);
  EXPECT_EQ(last_of_first.tokens_before, 80);
  EXPECT_EQ(last_of_first.weight_decay, 0.5);
  const StepSpec first_of_second = plan.at(2);
  EXPECT_EQ(first_of_second.phase, 1);
  EXPECT_EQ(first_of_second.first_row, 16);
  EXPECT_EQ(first_of_second.tokens_before, 160);
  EXPECT_EQ(first_of_second.phase_tokens_before, 0);
  EXPECT_EQ(first_of_second.context_length, 80);
  EXPECT_EQ(first_of_second.rows, 4);
  EXPECT_EQ(first_of_second.weight_decay, 0.25);
  EXPECT_EQ(first_of_second.rope.global, 160000);
  EXPECT_EQ(first_of_second.rope.local, 20000);
}

TEST(Plan, StepsOutsideTheRunAreRefused) {
  PlanOptions options = with({simple_phase("a", 100, 1, 10)});
  options.start.first_step = 5;
  const Plan plan(options);
  for (const int64_t step : {-1, 4, 15}) {
    try {
      plan.at(step);
      ADD_FAILURE() << step;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kUsage);
      EXPECT_EQ(error.what(), "plan: expected a step from 5 to 14, got " + std::to_string(step));
    }
  }
}

// The closed formulas of recipe.md, on a phase of 100 steps of 10 tokens.
class Schedules : public testing::Test {
 protected:
  static Plan plan_of(LearningRateOptions rate) {
    PhaseOptions phase = simple_phase("a", 1000, 1, 10);
    phase.learning_rate = rate;
    return Plan(with({phase}));
  }
};

TEST_F(Schedules, Constant) {
  const Plan plan = plan_of({.schedule = LearningRateSchedule::kConstant, .peak = 0.3});
  for (int64_t step = 0; step < 100; ++step) EXPECT_EQ(plan.at(step).learning_rate, 0.3);
  EXPECT_EQ(plan.peak_learning_rate(), 0.3);
}

TEST_F(Schedules, WarmupStableCountsTheStepsOwnTokens) {
  const Plan plan =
      plan_of({.schedule = LearningRateSchedule::kWarmupStable, .peak = 0.5, .warmup = 200});
  EXPECT_DOUBLE_EQ(plan.at(0).learning_rate, 0.5 * 10 / 200);
  EXPECT_DOUBLE_EQ(plan.at(9).learning_rate, 0.5 * 100 / 200);
  EXPECT_DOUBLE_EQ(plan.at(18).learning_rate, 0.5 * 190 / 200);
  for (int64_t step = 19; step < 100; ++step) EXPECT_EQ(plan.at(step).learning_rate, 0.5) << step;
}

TEST_F(Schedules, AWarmUpThatEndsInsideAStepIsCut) {
  const Plan plan =
      plan_of({.schedule = LearningRateSchedule::kWarmupStable, .peak = 0.5, .warmup = 15});
  EXPECT_DOUBLE_EQ(plan.at(0).learning_rate, 0.5 * 10 / 15);
  EXPECT_EQ(plan.at(1).learning_rate, 0.5);
}

TEST_F(Schedules, OneMinusSqrt) {
  const Plan plan =
      plan_of({.schedule = LearningRateSchedule::kOneMinusSqrt, .from = 3e-4, .to = 3e-7});
  for (int64_t step = 0; step < 100; ++step) {
    const double factor = 1 - (1 - 0.001) * std::sqrt(static_cast<double>(step) / 100);
    EXPECT_NEAR(plan.at(step).learning_rate, 3e-4 * factor, 1e-18) << step;
  }
  EXPECT_EQ(plan.at(0).learning_rate, 3e-4);
  EXPECT_NEAR(plan.learning_rate_at(0, 1000, 10), 3e-7, 1e-18) << "what would follow the phase";
  EXPECT_EQ(plan.peak_learning_rate(), 3e-4);
}

TEST_F(Schedules, CosineAfterAWarmUp) {
  const Plan plan =
      plan_of({.schedule = LearningRateSchedule::kCosine, .from = 1.0, .to = 0.1, .warmup = 200});
  EXPECT_DOUBLE_EQ(plan.at(4).learning_rate, 50.0 / 200);
  for (int64_t step = 20; step < 100; ++step) {
    const double x = static_cast<double>(step - 20) / 80;
    EXPECT_NEAR(plan.at(step).learning_rate, 0.1 + 0.45 * (1 + std::cos(std::numbers::pi * x)),
                1e-15);
  }
}

TEST_F(Schedules, LinearFallsAndRises) {
  const Plan falling = plan_of({.schedule = LearningRateSchedule::kLinear, .from = 1.0, .to = 0.0});
  EXPECT_EQ(falling.at(0).learning_rate, 1.0);
  EXPECT_DOUBLE_EQ(falling.at(75).learning_rate, 0.25);
  EXPECT_EQ(falling.peak_learning_rate(), 1.0);
  const Plan rising = plan_of({.schedule = LearningRateSchedule::kLinear, .from = 1.0, .to = 3.0});
  EXPECT_DOUBLE_EQ(rising.at(50).learning_rate, 2.0);
  EXPECT_EQ(rising.peak_learning_rate(), 3.0);
}

TEST(Plan, ThePeakIsTheFirstPhasesOfTheWholeChain) {
  PlanOptions options = with({simple_phase("a", 100, 1, 10), simple_phase("b", 100, 1, 10)});
  options.phases[1].learning_rate.peak = 1;
  EXPECT_EQ(Plan(options).peak_learning_rate(), 1e-3);
  options.start.peak_learning_rate = 7;
  EXPECT_EQ(Plan(options).peak_learning_rate(), 7);
}

TEST(Plan, TheBatchGrowsInMultiplesOfTheLanes) {
  PhaseOptions phase = simple_phase("a", 100'000, 32, 10);
  phase.batch.warmup = {.from = 8, .tokens = 30'000};
  const Plan plan(with({phase}, /*lanes=*/8));
  std::vector<int64_t> sizes;
  for (const Segment& segment : plan.segments()) sizes.push_back(segment.rows);
  EXPECT_THAT(sizes, testing::ElementsAre(8, 16, 24, 32));
  // 24 rows of growth over 30,000 tokens: 8 more each 10,000.
  EXPECT_EQ(plan.segments()[1].first_step, 125) << "10,000 / 80";
  EXPECT_EQ(plan.segments()[2].first_tokens, 10'000 + 63 * 160) << "the first at 20,000 or above";
  EXPECT_EQ(plan.at(124).rows, 8);
  EXPECT_EQ(plan.at(125).rows, 16);
}

TEST(Plan, SizesThatAreShorterThanAStepAreLeftOut) {
  PhaseOptions phase = simple_phase("a", 10'000, 100, 10);
  phase.batch.warmup = {.from = 10, .tokens = 500};
  const Plan plan(with({phase}, /*lanes=*/10));
  for (size_t i = 1; i < plan.segments().size(); ++i) {
    EXPECT_GT(plan.segments()[i].first_step, plan.segments()[i - 1].first_step);
  }
  EXPECT_EQ(plan.at(0).rows, 10);
  EXPECT_EQ(plan.at(1).rows, 10 + 90 * 100 / 500 / 10 * 10);
}

TEST(Plan, TheMixtureIsNormalizedAndDriftsWithTheTokens) {
  PhaseOptions phase = simple_phase("a", 1000, 1, 10);
  phase.mixture.from = {{"general", 3}, {"ecommerce", 1}};
  phase.mixture.to = {{"ecommerce", 5}};
  const Plan plan(with({phase}));
  EXPECT_THAT(plan.at(0).mixture, testing::ElementsAre(0.75, 0.25));
  EXPECT_THAT(plan.at(50).mixture,
              testing::ElementsAre(testing::DoubleEq(0.375), testing::DoubleEq(0.625)));
  EXPECT_THAT(plan.mixture_at(0, 1000), testing::ElementsAre(0, 1));
}

TEST(Plan, AChainOfFilesIsThePlanOfTheWhole) {
  std::vector<PhaseOptions> phases = {simple_phase("a", 12'345, 12, 16),
                                      simple_phase("b", 7'000, 3, 64),
                                      simple_phase("c", 9'999, 6, 64)};
  phases[0].batch.warmup = {.from = 3, .tokens = 5'000};
  phases[1].learning_rate.peak = 0.7;
  phases[2].learning_rate = {
      .schedule = LearningRateSchedule::kOneMinusSqrt, .from = 0.7, .to = 0.007};
  phases[2].mixture.to = {{"ecommerce", 1}};
  const Plan whole(with(phases, /*lanes=*/3));

  PlanStart start;
  for (size_t i = 0; i < phases.size(); ++i) {
    PlanOptions options = with({phases[i]}, /*lanes=*/3);
    options.start = start;
    const Plan part(options);
    EXPECT_EQ(part.first_step(), whole.spans()[i].first_step);
    EXPECT_EQ(part.peak_learning_rate(), whole.peak_learning_rate());
    for (int64_t step = part.first_step(); step < part.end_step(); ++step) {
      const StepSpec a = part.at(step);
      const StepSpec b = whole.at(step);
      ASSERT_EQ(a.rows, b.rows);
      ASSERT_EQ(a.first_row, b.first_row);
      ASSERT_EQ(a.tokens_before, b.tokens_before);
      ASSERT_EQ(a.phase_tokens_before, b.phase_tokens_before);
      ASSERT_EQ(a.learning_rate, b.learning_rate);
      ASSERT_EQ(a.mixture, b.mixture);
      ASSERT_EQ(stream_of_row(a, a.first_row, 5), stream_of_row(b, b.first_row, 5));
    }
    start = part.end();
  }
  EXPECT_EQ(start, whole.end());
}

TEST(PlanProblems, AreAllNamedWithTheirKeys) {
  PlanOptions options =
      with({simple_phase("a", 1'000'000, 500, 10), simple_phase("a", 999, 192, 10)},
           /*lanes=*/192);
  options.phases[0].batch.warmup = {.from = 100, .tokens = 2'000'000};
  options.phases[0].mixture.from = {{"genral", 1}};
  options.phases[1].mixture.to = {{"x", 0.0}};
  options.phases[1].learning_rate = {
      .schedule = LearningRateSchedule::kLinear, .from = 1, .to = 0, .warmup = 1000};
  EXPECT_EQ(
      problems(options),
      "phases[0].batch.rows: expected a multiple of the 192 lanes (data.lanes), got 500; the "
      "nearest "
      "are 384 and 576\n"
      "phases[0].batch.warmup.from: expected a multiple of the 192 lanes (data.lanes), got 100; "
      "the "
      "nearest is 192\n"
      "phases[0].batch.warmup.tokens: expected a count above 0 and up to the phase's tokens, 1M, "
      "got "
      "2M\n"
      "phases[0].mixture.genral: unknown stream; did you mean general?\n"
      "phases[1].name: expected a name of its own, got \"a\", the name of phases[0]\n"
      "phases[1].tokens: expected at least the 1920 tokens of one step (192 rows of 10), got 999\n"
      "phases[1].learning_rate.warmup: expected at most the phase's tokens, 999, got 1000\n"
      "phases[1].mixture.to.x: unknown stream; expected one of general, ecommerce\n"
      "phases[1].mixture.to: expected a weight above 0 for at least one stream");
}

TEST(PlanProblems, OfTheRarerKinds) {
  EXPECT_EQ(problems(with({})), "phases: expected at least one phase, got none");
  EXPECT_EQ(problems(with({simple_phase("a", 100, 1, 10)}, 0)),
            "data.lanes: expected a number above 0, got 0");
  EXPECT_EQ(problems(with({simple_phase("a b", 100, 1, 10)})),
            "phases[0].name: expected letters, digits, \"-\" and \"_\", got \"a b\"");
  EXPECT_EQ(problems(with({simple_phase("a", -5, 1, 10)})),
            "phases[0].tokens: expected a token count above 0 and up to 9000T, got -5");
  EXPECT_EQ(problems(with({simple_phase("a", 100, 1, 0)})),
            "phases[0].context_length: expected a length above 0, got 0");
  EXPECT_EQ(problems(with({simple_phase("a", 100, 0, 10)})),
            "phases[0].batch.rows: expected a number of rows from 1 to 100000000, got 0");
  PlanOptions options = with({simple_phase("a", 100, 4, 10)});
  options.phases[0].batch.warmup = {.from = 5, .tokens = 50};
  EXPECT_EQ(problems(options),
            "phases[0].batch.warmup.from: expected at most the rows of the full batch, 4, got 5");
  options = with({simple_phase("a", 100, 4, 10)});
  options.phases[0].learning_rate = {
      .schedule = LearningRateSchedule::kCosine, .from = 1, .to = 0, .warmup = 100};
  EXPECT_EQ(
      problems(options),
      "phases[0].learning_rate.warmup: expected less than the phase's tokens, so that some are "
      "left to decay over, got all 100");
  options = with({simple_phase("a", 100, 4, 10)});
  options.phases[0].learning_rate.peak = std::nan("");
  EXPECT_EQ(problems(options), "phases[0].learning_rate.peak: expected a rate above 0, got nan");
  options = with({simple_phase("a", 100, 4, 10)});
  options.phases[0].mixture.from = {{"general", -1.0}, {"ecommerce", 2.0}};
  EXPECT_EQ(problems(options),
            "phases[0].mixture.general: expected a weight of at least 0, got -1");
}

}  // namespace
}  // namespace rexbert::plan
