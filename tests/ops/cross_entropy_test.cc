#include "rexbert/ops/cross_entropy.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "ops/compare.h"
#include "ops/cuda/ops.h"
#include "rexbert/core/error.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {
namespace {

struct Shape {
  int64_t rows;
  int64_t vocabulary;
  int64_t columns;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  return out << shape.rows << 'x' << shape.vocabulary;
}

class CrossEntropyTest : public SettingTest<Shape> {
 protected:
  void SetUp() override {
    SettingTest::SetUp();
    const Shape& s = shape();
    torch::manual_seed(6);
    // Logits of a spread that grows along the vocabulary: running maxima change between blocks.
    hidden = torch::randn({s.rows, s.columns});
    weight = torch::randn({s.vocabulary, s.columns}) *
             torch::linspace(0.1, 1.5, s.vocabulary).unsqueeze(1);
    bias = torch::randn({s.vocabulary});
    targets = torch::randint(0, s.vocabulary, {s.rows}, torch::kInt32);
  }
  torch::Tensor loss(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                     const torch::Tensor& bias_V) const {
    return (setting().cuda_path ? cuda::linear_cross_entropy : linear_cross_entropy)(
        hidden_MD, weight_VD, bias_V, targets.to(setting().device));
  }
  torch::Tensor hidden;
  torch::Tensor weight;
  torch::Tensor bias;
  torch::Tensor targets;
};

// Rows around chunks of 256 and 2048, vocabularies around a block of 2048.
INSTANTIATE_TEST_SUITE_P(
    Shapes, CrossEntropyTest,
    testing::Combine(testing::ValuesIn(kSettings),
                     testing::Values(Shape{0, 50, 8}, Shape{1, 50, 8}, Shape{255, 2048, 16},
                                     Shape{256, 2049, 16}, Shape{257, 5000, 24},
                                     Shape{600, 101, 32}, Shape{2048, 64, 8}, Shape{2049, 64, 8})),
    SettingTestName());

TEST_P(CrossEntropyTest, LossAndGradientsMatchTheReference) {
  expect_op_matches(
      setting(), [&](const auto& in) { return loss(in[0], in[1], in[2]); },
      [&](const auto& in) { return reference::linear_cross_entropy(in[0], in[1], in[2], targets); },
      {hidden, weight, bias});
}

TEST_P(CrossEntropyTest, ScoresMatchTheReference) {
  const auto rounded = [&](const torch::Tensor& x) { return x.to(setting().type); };
  const auto exact = [&](const torch::Tensor& x) { return rounded(x).to(torch::kFloat64); };
  const auto here = [&](const torch::Tensor& x) { return rounded(x).to(setting().device); };
  const TokenScores got = (setting().cuda_path ? cuda::score_tokens : score_tokens)(
      here(hidden), here(weight), here(bias), targets.to(setting().device));
  const TokenScores expected =
      reference::score_tokens(exact(hidden), exact(weight), exact(bias), targets);
  // Losses are sums in float32 of whatever was given.
  const double tolerance = std::min(setting().value, 2e-6);
  EXPECT_LE(relative_difference(got.loss_M, expected.loss_M), tolerance);
  EXPECT_TRUE(got.above_M.cpu().equal(expected.above_M));
  torch::NoGradGuard no_grad;
  const auto sum = loss(here(hidden), here(weight), here(bias));
  EXPECT_EQ(sum.scalar_type(), torch::kFloat32);
  EXPECT_LE(relative_difference(got.loss_M.to(torch::kFloat64).sum(), sum), tolerance);
}

TEST(CrossEntropy, ExtremeLogitsStayFinite) {
  const auto hidden = torch::tensor({{1000.0f}, {-1000.0f}}).requires_grad_();
  const auto weight = torch::tensor({{1.0f}, {-1.0f}, {0.0f}}).requires_grad_();
  const auto bias = torch::zeros({3}).requires_grad_();
  const auto loss =
      linear_cross_entropy(hidden, weight, bias, torch::tensor({0, 0}, torch::kInt32));
  loss.backward();
  EXPECT_FLOAT_EQ(loss.item<float>(), 2000.0f);
  EXPECT_TRUE(hidden.grad().isfinite().all().item<bool>());
  EXPECT_TRUE(weight.grad().isfinite().all().item<bool>());
}

TEST(CrossEntropy, ANonFiniteLogitMakesTheLossNonFinite) {
  for (const float value : {std::numeric_limits<float>::quiet_NaN(), INFINITY}) {
    for (const int64_t row : {0, 1, 8, 99}) {
      auto one = torch::randn({100, 4});
      one[row].fill_(value);
      const auto loss_of_one = linear_cross_entropy(torch::ones({2, 4}), one, torch::zeros({100}),
                                                    torch::tensor({5, 6}, torch::kInt32));
      EXPECT_FALSE(std::isfinite(loss_of_one.item<float>())) << value << " in row " << row;
    }
  }
  const auto hidden = torch::full({3, 4}, std::numeric_limits<float>::quiet_NaN());
  const auto loss = linear_cross_entropy(hidden, torch::ones({10, 4}), torch::zeros({10}),
                                         torch::zeros({3}, torch::kInt32));
  EXPECT_FALSE(std::isfinite(loss.item<float>()));
}

TEST(CrossEntropy, BackwardRunsOnce) {
  for (const auto& op : {linear_cross_entropy, cuda::linear_cross_entropy}) {
    const auto hidden = torch::randn({2, 4}).requires_grad_();
    const auto loss =
        op(hidden, torch::randn({10, 4}), torch::zeros({10}), torch::zeros({2}, torch::kInt32));
    loss.backward({}, /*retain_graph=*/true);
    EXPECT_THROW(loss.backward(), Error);
  }
}

TEST(CrossEntropy, RefusesATargetOutsideTheVocabulary) {
  try {
    linear_cross_entropy(torch::zeros({2, 4}), torch::zeros({10, 4}), torch::zeros({10}),
                         torch::tensor({3, 10}, torch::kInt32));
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "linear_cross_entropy: targets[1]: expected an id from 0 to 9, got 10");
  }
}

}  // namespace
}  // namespace rexbert::ops
