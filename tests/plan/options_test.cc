#include "rexbert/plan/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/phases_file.h"

namespace rexbert::plan {
namespace {

// The example of the architecture page.
constexpr std::string_view kTwoPhases = R"(phases:
  - name: general
    tokens: 1.7T
    context_length: 1024
    rope_theta: {global: 10000, local: 10000}
    learning_rate: {schedule: warmup_stable, peak: 8e-4, warmup: 3B}
    batch: {rows: 4608, warmup: {from: 192, tokens: 50B}}
    masking: {probability: 0.3}
    mixture: {general: 1.0}
  - name: specialization
    tokens: 350B
    learning_rate: {schedule: one_minus_sqrt, from: 3e-4, to: 3e-7}
    masking: {policy: guided, probability: 0.3, strength: 0.5}
    mixture: {from: {general: 0.9, ecommerce: 0.1}, to: {general: 0.1, ecommerce: 0.9}}
  - name: tail
    tokens: 1B
)";

std::string problems(const std::string& phase) {
  return config_error_of([&] { read_phases("phases:\n- " + phase + "\n"); });
}

std::string rate_problems(const std::string& rate) {
  return problems("{name: a, tokens: 1M, batch: {rows: 1}, mixture: {g: 1}, learning_rate: {" +
                  rate + "}}");
}

std::string mixture_problems(const std::string& mixture) {
  return problems("{name: a, tokens: 1M, batch: {rows: 1}, mixture: " + mixture +
                  ", learning_rate: {schedule: constant, peak: 1}}");
}

TEST(PhaseOptions, ReadsThePublishedShape) {
  const std::vector<PhaseOptions> phases = read_phases(kTwoPhases);
  ASSERT_EQ(phases.size(), 3u);
  EXPECT_EQ(phases[0].tokens, 1'700'000'000'000);
  EXPECT_EQ(phases[0].learning_rate.schedule, LearningRateSchedule::kWarmupStable);
  EXPECT_EQ(phases[0].learning_rate.warmup, 3'000'000'000);
  EXPECT_EQ(phases[0].batch.rows, 4608);
  EXPECT_EQ(phases[0].batch.warmup->from, 192);
  EXPECT_FALSE(phases[0].mixture.to.has_value());
  EXPECT_EQ(phases[1].masking.policy, MaskingPolicy::kGuided);
  EXPECT_EQ(phases[1].mixture.from.at("general"), 0.9);
  EXPECT_EQ(phases[1].mixture.to->at("ecommerce"), 0.9);
}

TEST(PhaseOptions, OmittedKeysGoOnFromWhereThePhaseBeforeEnded) {
  config::Reader reader;
  const std::vector<PhaseOptions> phases = read_phases(kTwoPhases, reader);
  EXPECT_EQ(phases[1].context_length, 1024);
  EXPECT_EQ(phases[1].batch.rows, 4608);
  EXPECT_FALSE(phases[1].batch.warmup.has_value()) << "a warm-up happens once";
  EXPECT_EQ(phases[2].learning_rate.schedule, LearningRateSchedule::kConstant);
  EXPECT_EQ(phases[2].learning_rate.peak, 3e-7);
  EXPECT_EQ(phases[2].mixture.from.at("ecommerce"), 0.9);
  EXPECT_FALSE(phases[2].mixture.to.has_value());
  EXPECT_EQ(phases[2].masking.policy, MaskingPolicy::kGuided);
  EXPECT_EQ(phases[2].name, "tail");
  EXPECT_EQ(reader.origin("phases[1].batch"), "inherited: run.yaml:7");
  EXPECT_EQ(reader.origin("phases[2].learning_rate.peak"), "inherited: run.yaml:12");
  EXPECT_EQ(reader.origin("phases[2].tokens"), "run.yaml:16");
}

TEST(PhaseOptions, AWarmUpThatIsOverLeavesTheRateConstant) {
  const std::vector<PhaseOptions> phases = read_phases(R"(phases:
  - {name: a, tokens: 1M, batch: {rows: 1}, mixture: {g: 1},
     learning_rate: {schedule: warmup_stable, peak: 0.5, warmup: 1k}}
  - {name: b, tokens: 1M}
)");
  EXPECT_EQ(phases[1].learning_rate.schedule, LearningRateSchedule::kConstant);
  EXPECT_EQ(phases[1].learning_rate.peak, 0.5);
  EXPECT_EQ(phases[1].learning_rate.warmup, 0);
}

TEST(PhaseOptions, ThePrintedPhasesReadBackAsTheSame) {
  config::Reader reader;
  const PhasesFile file{read_phases(kTwoPhases, reader)};
  const auto& schema = config::schema_of<PhasesFile>();
  const std::string printed = config::to_yaml(schema.write(file, &reader, ""), true);
  EXPECT_THAT(printed, testing::HasSubstr("rows: 4608  # inherited: run.yaml:7\n"));
  EXPECT_THAT(printed, testing::HasSubstr("tokens: 1.7T  # run.yaml:3\n"));
  const PhasesFile again{read_phases(printed)};
  EXPECT_EQ(config::to_yaml(schema.write(file, nullptr, ""), false),
            config::to_yaml(schema.write(again, nullptr, ""), false));
}

TEST(PhaseOptions, TheFirstPhaseMustBeComplete) {
  EXPECT_EQ(
      problems("{name: a}"),
      "run.yaml:2: phases[0].tokens: missing; expected a count such as 1.7T, 50B or 10M above 0\n"
      "run.yaml:2: phases[0].learning_rate: missing; expected a block\n"
      "run.yaml:2: phases[0].batch: missing; expected a block\n"
      "run.yaml:2: phases[0].mixture: missing; expected a weight for each stream, or from and "
      "to with such weights");
  EXPECT_THAT(
      problems("{name: a, tokens: -5}"),
      testing::StartsWith("run.yaml:2: phases[0].tokens: expected a count such as 1.7T, 50B "
                          "or 10M above 0, got -5\n"));
}

TEST(LearningRateOptions, KeysThatTheScheduleHasNoUseForAreErrors) {
  EXPECT_EQ(rate_problems("schedule: constant, peak: 1, warmup: 5"),
            "run.yaml:2: phases[0].learning_rate.warmup: has no effect here: it is used only with "
            "the schedules warmup_stable, one_minus_sqrt, cosine and linear");
  EXPECT_EQ(
      rate_problems("schedule: constant, peak: 1, from: 5"),
      "run.yaml:2: phases[0].learning_rate.from: has no effect here: it is used only with the "
      "schedules one_minus_sqrt, cosine and linear");
  EXPECT_EQ(
      rate_problems("schedule: cosine, peak: 1, from: 5, to: 1"),
      "run.yaml:2: phases[0].learning_rate.peak: has no effect here: it is used only with the "
      "schedules constant and warmup_stable");
}

TEST(LearningRateOptions, KeysThatTheScheduleNeedsMustBeWritten) {
  EXPECT_EQ(rate_problems("schedule: one_minus_sqrt, from: 1"),
            "run.yaml:2: phases[0].learning_rate.to: missing; expected a number of at least 0");
  EXPECT_EQ(rate_problems("schedule: constant"),
            "run.yaml:2: phases[0].learning_rate.peak: missing; expected a number above 0");
  EXPECT_EQ(
      rate_problems("schedule: warmup_stable, peak: 1"),
      "run.yaml:2: phases[0].learning_rate.warmup: expected a count above 0 with the schedule "
      "warmup_stable, got 0; without a warm-up the schedule is constant");
  EXPECT_EQ(rate_problems("schedule: one_minus_sqrt, from: 1e-4, to: 2e-4"),
            "run.yaml:2: phases[0].learning_rate.to: expected a rate of at most `from`, 1e-4, got "
            "2e-4");
  EXPECT_EQ(rate_problems("schedule: linear, from: 1e-4, to: 2e-4"), "no error");
  EXPECT_EQ(
      rate_problems("schedule: sqrt, peak: 1"),
      "run.yaml:2: phases[0].learning_rate.schedule: expected one of constant, warmup_stable, "
      "one_minus_sqrt, cosine, linear, got sqrt");
}

TEST(MaskingSpec, Checks) {
  const auto masking = [](const std::string& text) {
    return problems("{name: a, tokens: 1M, batch: {rows: 1}, mixture: {g: 1}, masking: {" + text +
                    "}, learning_rate: {schedule: constant, peak: 1}}");
  };
  EXPECT_EQ(masking("strength: 0.5"),
            "run.yaml:2: phases[0].masking.strength: has no effect here: it is used only with the "
            "policy guided");
  EXPECT_EQ(masking("mask_share: 0.9, random_share: 0.2"),
            "run.yaml:2: phases[0].masking.random_share: expected mask_share + random_share of at "
            "most 1, got 0.9 + 0.2");
  EXPECT_EQ(masking("mask_share: 0.9, random_share: 0.1"), "no error");
  EXPECT_EQ(masking("probability: 0"),
            "run.yaml:2: phases[0].masking.probability: expected a number above 0 and up to 0.95, "
            "got 0");
}

TEST(MixtureOptions, IsOneSetOfWeightsOrTwo) {
  EXPECT_EQ(mixture_problems("{g: 1, h: 3}"), "no error");
  EXPECT_EQ(mixture_problems("{from: 1, to: 2}"), "no error") << "streams may be called so";
  EXPECT_EQ(mixture_problems("{from: {g: 1}, to: {h: 1}}"), "no error");
  EXPECT_EQ(mixture_problems("{from: {g: 1}}"),
            "run.yaml:2: phases[0].mixture.to: missing; expected a weight for each stream");
  EXPECT_EQ(mixture_problems("{from: {g: 1}, to: {g: 1}, too: {g: 1}}"),
            "run.yaml:2: phases[0].mixture.too: unknown key; did you mean to?");
  EXPECT_EQ(mixture_problems("{from: {g: 1}, to: 5}"),
            "run.yaml:2: phases[0].mixture.to: expected a weight for each stream, got 5");
  EXPECT_EQ(mixture_problems("0.5"),
            "run.yaml:2: phases[0].mixture: expected a weight for each stream, got 0.5");
  EXPECT_EQ(mixture_problems("{g: -1}"),
            "run.yaml:2: phases[0].mixture.g: expected a number of at least 0, got -1");
}

}  // namespace
}  // namespace rexbert::plan
