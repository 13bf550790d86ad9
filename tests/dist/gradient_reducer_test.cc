#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <mutex>
#include <set>

#include "dist/ranks.h"
#include "rexbert/dist/process_group.h"

namespace rexbert::dist {
namespace {

using test::run_ranks;
using ::testing::Each;

// Three matrices in a row, large enough for two buckets; equal weights on all ranks.
struct Model {
  std::vector<torch::Tensor> weights;

  Model() {
    for (int i = 0; i < 3; ++i) {
      weights.push_back(
          (torch::arange(400 * 400).view({400, 400}) * (i + 1) % 7 - 3).to(torch::kFloat32) / 400);
      weights.back().requires_grad_();
    }
  }
  torch::Tensor loss(const torch::Tensor& input) const {
    torch::Tensor hidden = input;
    for (const torch::Tensor& weight : weights) hidden = torch::tanh(hidden.mm(weight));
    return hidden.sum();
  }
  std::vector<torch::Tensor> gradients() const {
    std::vector<torch::Tensor> copies;
    for (const torch::Tensor& weight : weights) copies.push_back(weight.grad().clone());
    return copies;
  }
};

torch::Tensor input_of(int rank, int micro_batch) {
  return (torch::arange(4 * 400).view({4, 400}) * (rank + 2) % 11 - 5).to(torch::kFloat32) /
         (10 + micro_batch);
}

// Two micro-batches a rank, reduced with the second.
std::vector<torch::Tensor> reduced(ProcessGroup& group, const ReducerOptions& options,
                                   std::string* layout = nullptr) {
  Model model;
  const auto reducer = group.reducer(model.weights, options);
  reducer->settle(model.loss(input_of(7, 7)));
  for (int time = 0; time < 2; ++time) {  // the second time into the views of the first
    for (torch::Tensor& weight : model.weights) {
      if (weight.grad().defined()) weight.mutable_grad().zero_();
    }
    reducer->backward(model.loss(input_of(group.rank(), 0)), false);
    reducer->backward(model.loss(input_of(group.rank(), 1)), true);
  }
  EXPECT_GE(reducer->exposed_seconds(), 0);
  if (layout != nullptr) *layout = reducer->layout();
  return model.gradients();
}

std::vector<torch::Tensor> summed_here(int world) {
  Model model;
  for (int rank = 0; rank < world; ++rank) {
    for (int micro = 0; micro < 2; ++micro) model.loss(input_of(rank, micro)).backward();
  }
  return model.gradients();
}

void expect_close(const std::vector<torch::Tensor>& got, const std::vector<torch::Tensor>& expected,
                  double tolerance) {
  for (size_t i = 0; i < expected.size(); ++i) {
    const double error = (got[i] - expected[i]).norm().item<double>();
    EXPECT_LE(error, tolerance * expected[i].norm().item<double>()) << "weight " << i;
  }
}

// Float sums in another order: a few units in the last place.
constexpr double kRounding = 1e-6;
// Each rank's share is rounded to bf16 once, and each sum: 2^-9 each, relative to parts that may be
// larger than the sum.
constexpr double kBf16 = 2e-2;

TEST(GradientReducer, SumsOverRanksAndMicroBatches) {
  for (const int world : {1, 2, 3, 4}) {
    const auto expected = summed_here(world);
    const auto errors = run_ranks(world, {}, [&](ProcessGroup& group) {
      expect_close(reduced(group, {}), expected, kRounding);
      // Smaller buckets, and none of the overlap.
      expect_close(reduced(group, {.bucket_bytes = 1000, .overlap = false}), expected, kRounding);
    });
    EXPECT_THAT(errors, Each(""));
  }
}

TEST(GradientReducer, CompressionRoundsButNotMore) {
  const auto expected = summed_here(2);
  const auto errors = run_ranks(2, {}, [&](ProcessGroup& group) {
    const auto got = reduced(group, {.compression = Compression::kBf16});
    expect_close(got, expected, kBf16);
    EXPECT_TRUE(got[0].equal(got[0].to(torch::kBFloat16).to(torch::kFloat32)));
  });
  EXPECT_THAT(errors, Each(""));
}

TEST(GradientReducer, AllRanksGetTheSameBitsEveryTimeAndOverlapChangesNone) {
  std::mutex mutex;
  std::vector<std::vector<torch::Tensor>> results;
  std::set<std::string> layouts;
  for (const bool overlap : {true, false, true}) {
    const auto errors = run_ranks(4, {}, [&](ProcessGroup& group) {
      std::string layout;
      auto gradients = reduced(group, {.overlap = overlap}, &layout);
      const std::scoped_lock lock(mutex);
      results.push_back(std::move(gradients));
      layouts.insert(layout);
    });
    EXPECT_THAT(errors, Each(""));
  }
  ASSERT_EQ(results.size(), 12u);
  for (const auto& result : results) {
    for (size_t i = 0; i < result.size(); ++i) EXPECT_TRUE(result[i].equal(results[0][i]));
  }
  EXPECT_EQ(layouts.size(), 1u);
}

TEST(GradientReducer, LayoutsTellBucketSizesApart) {
  std::string large, small;
  const auto errors = run_ranks(2, {}, [&](ProcessGroup& group) {
    std::string layout;
    reduced(group, {}, &layout);
    if (group.rank() == 0) large = layout;
    reduced(group, {.bucket_bytes = 1000}, &layout);
    if (group.rank() == 0) small = layout;
  });
  EXPECT_THAT(errors, Each(""));
  EXPECT_NE(large, small);
}

TEST(GradientReducer, ALostRankIsNoErrorOfTheModel) {
  const auto errors = run_ranks(2, {}, [](ProcessGroup& group) {
    Model model;
    const auto reducer = group.reducer(model.weights, {});
    reducer->settle(model.loss(input_of(0, 0)));
    group.set_step(3);
    if (group.rank() == 1) {
      group.leave("told to");
      return;
    }
    reducer->backward(model.loss(input_of(0, 0)), true);
  });
  EXPECT_THAT(errors[0],
              ::testing::HasSubstr("rank 0 of 2, step 3: the sum of gradients failed after "));
  EXPECT_THAT(errors[0], ::testing::HasSubstr(": rank 1 stopped: told to ("));
}

TEST(GradientReducer, AnErrorOfTheModelIsNoLostRank) {
  const auto errors = run_ranks(1, {}, [](ProcessGroup& group) {
    const auto reducer = group.reducer({}, {});
    reducer->backward(torch::ones({2}), true);  // no scalar, no gradient
  });
  EXPECT_THAT(errors[0], Not(::testing::HasSubstr("failed after")));
  EXPECT_NE(errors[0], "");
}

}  // namespace
}  // namespace rexbert::dist
