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

struct Case {
  int64_t count;
  Scales scales;
  double beta1_hat;
};

std::ostream& operator<<(std::ostream& out, const Case& c) {
  return out << c.count << (c.scales.clipped ? "_clipped" : "_whole") << '_'
             << (c.scales.second_moment < 1e-6 ? "tiny" : "usual") << '_'
             << (c.beta1_hat < 0.5 ? "early" : "late");
}

// Learning rates left alone and clipped; second moments around epsilon^2; beta1_hat below and above
// one half, which take different forms of the interpolation.
std::vector<Case> cases() {
  std::vector<Case> result;
  for (const int64_t count : {1, 7, 32768, 100003}) {
    for (const Scales& scales :
         {Scales{0.01, 0.1, false}, Scales{30.0, 0.1, true}, Scales{3e-7, 2e-12, false}}) {
      for (const double beta1_hat : {0.3, 0.9}) result.push_back({count, scales, beta1_hat});
    }
  }
  return result;
}

// Parameters, gradients and moments are float32 whatever activations are.
std::vector<Setting> float32_settings() {
  std::vector<Setting> result;
  for (const Setting& setting : kSettings) {
    if (setting.type == torch::kFloat32) result.push_back(setting);
  }
  return result;
}

using UpdateTest = SettingTest<Case>;
INSTANTIATE_TEST_SUITE_P(Shapes, UpdateTest,
                         testing::Combine(testing::ValuesIn(float32_settings()),
                                          testing::ValuesIn(cases())),
                         SettingTestName());

// A GPU's path is the reference in float32.
TEST_P(UpdateTest, MatchesTheReference) {
  const auto& [count, scales, beta1_hat] = shape();
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
  for (auto* tensor : {&fast.parameter, &fast.gradient, &fast.exp_avg, &fast.exp_avg_sq})
    *tensor = tensor->to(setting().device);
  const auto op = setting().cuda_path ? reference::stable_adamw_update : stable_adamw_update;
  const auto rms = op(fast.parameter, fast.gradient, fast.exp_avg, fast.exp_avg_sq, step);
  EXPECT_EQ(rms.device(), fast.parameter.device());
  const auto expected = reference::stable_adamw_update(exact.parameter, exact.gradient,
                                                       exact.exp_avg, exact.exp_avg_sq, step);
  EXPECT_EQ(expected.item<double>() > 1, scales.clipped);
  EXPECT_NEAR(rms.item<double>() / expected.item<double>(), 1.0, setting().value);
  EXPECT_LE(relative_difference(fast.parameter, exact.parameter), setting().value);
  EXPECT_LE(relative_difference(fast.exp_avg, exact.exp_avg), setting().value);
  EXPECT_LE(relative_difference(fast.exp_avg_sq, exact.exp_avg_sq), setting().value);
}

TEST_P(UpdateTest, GlobalNormMatchesTheReference) {
  const Tensors exact = make_tensors(shape().count, shape().scales.gradient, 0.1);
  const auto here = [&](const torch::Tensor& tensor) { return tensor.to(setting().device); };
  const auto op = setting().cuda_path ? reference::global_norm : global_norm;
  const auto norm = op({here(exact.parameter), {}, here(exact.gradient)});
  EXPECT_EQ(norm.device().type(), setting().device);
  const double expected = torch::cat({exact.parameter, exact.gradient})
                              .to(torch::kFloat64)
                              .square()
                              .sum()
                              .sqrt()
                              .item<double>();
  EXPECT_NEAR(norm.item<double>() / expected, 1.0, 1e-7);
}

TEST(Update, GivesTheSameBitsOnAnyNumberOfThreads) {
  const int threads = at::get_num_threads();
  const StableAdamWStep step{
      .learning_rate = 1e-2, .max_learning_rate = 1e-2, .beta1_hat = 0.9, .beta2_hat = 0.98};
  const auto run = [&](int count) {
    at::set_num_threads(count);
    Tensors t = make_tensors(300001, 30.0, 0.1);
    stable_adamw_update(t.parameter, t.gradient, t.exp_avg, t.exp_avg_sq, step);
    return std::pair{t.parameter, global_norm({t.parameter, t.gradient}).item<double>()};
  };
  const auto one = run(1);
  const auto three = run(3);
  at::set_num_threads(threads);
  EXPECT_TRUE(one.first.equal(three.first));
  EXPECT_EQ(one.second, three.second);
}

TEST(GlobalNorm, IsThatOfAllTensorsTogether) {
  const auto norm =
      global_norm({torch::full({4}, 3.0f), {}, torch::full({4}, 4.0, torch::kFloat64)});
  EXPECT_DOUBLE_EQ(norm.item<double>(), 10.0);
  EXPECT_EQ(global_norm({}).item<double>(), 0.0);
}

TEST(Update, RefusesAGradientOfAnotherShape) {
  Tensors t = make_tensors(4, 1.0, 0.1);
  EXPECT_THROW(stable_adamw_update(t.parameter, torch::zeros({5}), t.exp_avg, t.exp_avg_sq, {}),
               Error);
}

}  // namespace
}  // namespace rexbert::ops
