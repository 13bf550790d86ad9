#include "rexbert/train/bench.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/nn/step_profile.h"
#include "rexbert/train/step_bench.h"
#include "train/random_batch.h"

namespace rexbert::train {
namespace {

TrainBenchOptions small_bench() {
  TrainBenchOptions options;
  options.model.vocabulary = 512;
  options.model.hidden = 128;
  options.model.intermediate = 192;
  options.model.layers = 2;
  options.model.heads = 2;
  options.sequences = 2;
  options.context_length = 48;
  options.warmup_steps = 1;
  options.steps = 2;
  options.threads = 1;
  return options;
}

std::unique_ptr<dist::ProcessGroup> one_rank() { return dist::connect(dist::Launch(), {}); }

// Steps of what bench_train() trains on by itself.
class RandomSource final : public batch::StepSource {
 public:
  RandomSource(const TrainBenchOptions& options, size_t micro_batches)
      : options_(options), micro_batches_(micro_batches) {}

  batch::LoadedStep next() override {
    batch::LoadedStep step;
    for (size_t i = 0; i < micro_batches_; ++i) {
      step.micro_batches.push_back(random_batch({.vocabulary = options_.model.vocabulary,
                                                 .sequences = options_.sequences,
                                                 .context_length = options_.context_length,
                                                 .masked_share = options_.masked_share,
                                                 .number = number_++}));
    }
    return step;
  }
  const batch::LoaderState& state() const override { return state_; }
  uint64_t steps() const { return number_; }

 private:
  TrainBenchOptions options_;
  size_t micro_batches_;
  uint64_t number_ = 0;
  batch::LoaderState state_;
};

TEST(TrainBench, TrainsOnTheStepsOfASource) {
  TrainBenchOptions options = small_bench();
  const auto group = one_rank();
  const TrainBenchResult random = bench_train(options, *group);
  EXPECT_EQ(random.data_wait, 0);
  const auto source = std::make_shared<RandomSource>(options, 1);
  options.source = source;
  const TrainBenchResult read = bench_train(options, *group);
  EXPECT_EQ(source->steps(), 4u);
  EXPECT_EQ(read.weights_hash, random.weights_hash);
  EXPECT_EQ(read.loss, random.loss);
  EXPECT_GT(read.data_wait, 0);
  EXPECT_LT(read.data_wait, 1);
}

TEST(TrainBench, TakesOneMicroBatchAStep) {
  TrainBenchOptions options = small_bench();
  options.source = std::make_shared<RandomSource>(options, 2);
  const auto group = one_rank();
  EXPECT_THAT(
      [&] { bench_train(options, *group); },
      ::testing::ThrowsMessage<Error>(::testing::HasSubstr("one micro-batch a step, got 2")));
}

TEST(StepBench, CountsEveryPartAndThePeak) {
  const TrainBenchOptions options = small_bench();
  const auto group = one_rank();
  const StepBenchResult result = bench_step(options, *group);
  ASSERT_EQ(result.rows.size(), nn::kStepParts + 1u);
  for (size_t i = 0; i < nn::kStepParts; ++i) {
    const StepBenchRow& row = result.rows[i];
    EXPECT_EQ(row.part, nn::name_of(static_cast<nn::StepPart>(i)));
    // Both layers are there: the first is global, the second local.
    EXPECT_GT(row.seconds(), 0) << row.part;
  }
  EXPECT_EQ(result.rows.back().part, "other");
  // Not that of the buffers that the ceilings are measured with, half a GiB.
  EXPECT_GT(result.peak_memory_gib, 0.01);
  EXPECT_LT(result.peak_memory_gib, 0.45);
}

}  // namespace
}  // namespace rexbert::train
