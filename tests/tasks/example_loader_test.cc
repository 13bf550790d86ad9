#include "rexbert/tasks/example_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <set>

namespace rexbert::tasks {
namespace {

using ::testing::ElementsAre;

std::vector<Example> make_examples(int count, int sequences = 1) {
  std::vector<Example> examples;
  for (int i = 0; i < count; ++i) {
    Example& example = examples.emplace_back();
    for (int s = 0; s < sequences; ++s) {
      example.sequences.emplace_back(static_cast<size_t>(3 + (i + s) % 4), i);
    }
    example.line = static_cast<uint64_t>(i) + 1;
  }
  return examples;
}

plan::Plan make_plan(int64_t steps, int64_t rows) {
  plan::PhaseOptions phase;
  phase.name = "fine-tuning";
  phase.context_length = 16;
  phase.tokens = steps * rows * 16;
  phase.learning_rate = {.schedule = plan::LearningRateSchedule::kLinear, .from = 1e-3};
  phase.batch.rows = rows;
  phase.mixture.from = {{"examples", 1.0}};
  return plan::Plan({.phases = {phase}, .streams = {"examples"}});
}

TEST(ExampleLoaderTest, EveryEpochHasEveryExampleOnceInAnotherOrder) {
  const std::vector<Example> examples = make_examples(10);
  const plan::Plan plan = make_plan(5, 4);  // two epochs
  ExampleLoader loader({.examples = examples, .plan = plan, .seed = 3}, 0);
  std::vector<int32_t> order;
  for (int step = 0; step < 5; ++step) {
    for (const batch::PackedBatch& micro : loader.next().micro_batches) {
      for (const batch::SampleId& sample : micro.sample_S) order.push_back(sample.sample);
    }
  }
  ASSERT_EQ(order.size(), 20U);
  const std::vector<int32_t> first(order.begin(), order.begin() + 10);
  const std::vector<int32_t> second(order.begin() + 10, order.end());
  EXPECT_EQ(std::set<int32_t>(first.begin(), first.end()).size(), 10U);
  EXPECT_EQ(std::set<int32_t>(second.begin(), second.end()).size(), 10U);
  EXPECT_NE(first, second);
}

TEST(ExampleLoaderTest, ALaterStartGivesTheSameSteps) {
  const std::vector<Example> examples = make_examples(10);
  const plan::Plan plan = make_plan(5, 4);
  ExampleLoader whole({.examples = examples, .plan = plan, .seed = 3}, 0);
  ExampleLoader later({.examples = examples, .plan = plan, .seed = 3}, 3);
  for (int step = 0; step < 3; ++step) whole.next();
  EXPECT_EQ(whole.state().next_step, 3);
  EXPECT_EQ(whole.next().micro_batches[0].tokens_T, later.next().micro_batches[0].tokens_T);
}

TEST(ExampleLoaderTest, MicroBatchesHoldAsManyWholeExamplesAsFit) {
  const std::vector<Example> examples = make_examples(12, 2);
  const plan::Plan plan = make_plan(1, 12);
  ExampleLoader loader({.examples = examples, .plan = plan, .micro_tokens = 24}, 0);
  int64_t sequences = 0;
  for (const batch::PackedBatch& micro : loader.next().micro_batches) {
    EXPECT_LE(micro.tokens(), 24);
    EXPECT_EQ(micro.sequences() % 2, 0);  // no example is split
    EXPECT_EQ(micro.offsets_S1.back(), micro.tokens());
    sequences += micro.sequences();
  }
  EXPECT_EQ(sequences, 24);

  ExampleLoader one({.examples = examples, .plan = plan, .micro_tokens = 24, .whole_batches = true},
                    0);
  EXPECT_EQ(one.next().micro_batches.size(), 1U);
}

TEST(ExamplePackerTest, LaysSequencesEndToEnd) {
  Example example;
  example.sequences = {{2, 7, 3}, {2, 8, 9, 3}};
  ExamplePacker packer;
  packer.add(example, 5, 11, 1);
  const batch::PackedBatch batch = packer.take();
  EXPECT_THAT(batch.tokens_T, ElementsAre(2, 7, 3, 2, 8, 9, 3));
  EXPECT_THAT(batch.positions_T, ElementsAre(0, 1, 2, 0, 1, 2, 3));
  EXPECT_THAT(batch.offsets_S1, ElementsAre(0, 3, 7));
  EXPECT_THAT(batch.row_S, ElementsAre(11, 11));
  EXPECT_THAT(batch.row_start_S, ElementsAre(0, 3));
  EXPECT_EQ(batch.longest, 4);
  EXPECT_EQ(batch.sample_S[1].sample, 5);
  EXPECT_EQ(batch.sample_S[1].token, 1);
  EXPECT_EQ(packer.tokens(), 0);
  EXPECT_THAT(packer.take().offsets_S1, ElementsAre(0));
}

}  // namespace
}  // namespace rexbert::tasks
