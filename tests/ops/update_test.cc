#include "rexbert/ops/update.h"

#include <gmock/gmock.h>

#include "ops/compare.h"
#include "rexbert/core/error.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {
namespace {

struct Tensors {
  torch::Tensor parameter, gradient, exp_avg, exp_avg_sq;
};

Tensors make_tensors(int64_t count, double gradient_scale, double moment_scale) {
  torch::manual_seed(7);
  return {torch::randn({count}), torch::randn({count}) * gradient_scale,
          torch::randn({count}) * 0.1, torch::rand({count}) * moment_scale};
}

struct Scales {
  double gradient;
  double second_moment;
  bool clipped;
};

class UpdateTest : public testing::TestWithParam<std::tuple<int64_t, Scales, double>> {};

// Learning rates left alone and clipped; second moments around epsilon^2; beta1_hat below and above
// one half, which take different forms of the interpolation.
INSTANTIATE_TEST_SUITE_P(Shapes, UpdateTest,
                         testing::Combine(testing::Values(1, 7, 32768, 100003),
                                          testing::Values(Scales{0.01, 0.1, false},
                                                          Scales{30.0, 0.1, true},
                                                          Scales{3e-7, 2e-12, false}),
                                          testing::Values(0.3, 0.9)));

TEST_P(UpdateTest, MatchesTheReference) {
  const auto [count, scales, beta1_hat] = GetParam();
  const StableAdamWStep step{.learning_rate = 1e-2,
                             .max_learning_rate = 2e-2,
                             .weight_decay = 0.1,
                             .beta1_hat = beta1_hat,
                             .beta2_hat = 0.98,
                             .epsilon = 1e-6};
  Tensors fast = make_tensors(count, scales.gradient, scales.second_moment);
  Tensors exact = fast;
  for (auto* tensor : {&exact.parameter, &exact.gradient, &exact.exp_avg, &exact.exp_avg_sq})
    *tensor = tensor->to(torch::kFloat64);
  const double rms =
      stable_adamw_update(fast.parameter, fast.gradient, fast.exp_avg, fast.exp_avg_sq, step);
  const double expected = reference::stable_adamw_update(exact.parameter, exact.gradient,
                                                         exact.exp_avg, exact.exp_avg_sq, step);
  EXPECT_EQ(expected > 1, scales.clipped);
  EXPECT_NEAR(rms / expected, 1.0, kValueTolerance);
  EXPECT_LE(relative_difference(fast.parameter, exact.parameter), kValueTolerance);
  EXPECT_LE(relative_difference(fast.exp_avg, exact.exp_avg), kValueTolerance);
  EXPECT_LE(relative_difference(fast.exp_avg_sq, exact.exp_avg_sq), kValueTolerance);
}

TEST(Update, GivesTheSameBitsOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  const StableAdamWStep step{
      .learning_rate = 1e-2, .max_learning_rate = 1e-2, .beta1_hat = 0.9, .beta2_hat = 0.98};
  const auto run = [&](int count) {
    at::set_num_threads(count);
    Tensors t = make_tensors(300001, 30.0, 0.1);
    stable_adamw_update(t.parameter, t.gradient, t.exp_avg, t.exp_avg_sq, step);
    return std::pair{t.parameter, global_norm({t.parameter, t.gradient})};
  };
  const auto one = run(1);
  const auto three = run(3);
  at::set_num_threads(threads);
  EXPECT_TRUE(one.first.equal(three.first));
  EXPECT_EQ(one.second, three.second);
}

TEST(GlobalNorm, IsThatOfAllTensorsTogether) {
  EXPECT_DOUBLE_EQ(
      global_norm({torch::full({4}, 3.0f), {}, torch::full({4}, 4.0, torch::kFloat64)}), 10.0);
  EXPECT_EQ(global_norm({}), 0.0);
}

TEST(Update, RefusesAGradientOfAnotherShape) {
  Tensors t = make_tensors(4, 1.0, 0.1);
  EXPECT_THROW(stable_adamw_update(t.parameter, torch::zeros({5}), t.exp_avg, t.exp_avg_sq, {}),
               Error);
}

}  // namespace
}  // namespace rexbert::ops
