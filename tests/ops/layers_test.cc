#include "rexbert/ops/layers.h"

#include <gmock/gmock.h>

#include "ops/compare.h"
#include "ops/cuda/ops.h"
#include "rexbert/core/error.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {
namespace {

struct Shape {
  int64_t rows;
  int64_t columns;
};

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  return out << shape.rows << 'x' << shape.columns;
}

class LayersTest : public SettingTest<Shape> {
 protected:
  void SetUp() override {
    SettingTest::SetUp();
    torch::manual_seed(5);
  }
  const int64_t rows = shape().rows;
  const int64_t columns = shape().columns;
};

// Rows: none, one, more than a share of the gradient's sum. Columns: whole vectors or not.
INSTANTIATE_TEST_SUITE_P(Shapes, LayersTest,
                         testing::Combine(testing::ValuesIn(kSettings),
                                          testing::Values(Shape{0, 16}, Shape{1, 5}, Shape{3, 13},
                                                          Shape{70, 64}, Shape{600, 40},
                                                          Shape{257, 256})),
                         SettingTestName());

Recomputable recomputable_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D) {
  return {layer_norm(x_TD, weight_D, 1e-5), {x_TD, weight_D}, [](const auto& from) {
            return layer_norm(from[0], from[1], 1e-5);
          }};
}

// LibTorch's kernels for CPUs sum the gradients of norms and embeddings in bfloat16, those for GPUs
// in float32.
Setting norm_setting(Setting setting) {
  if (setting.cuda_path && setting.type == torch::kBFloat16) setting.gradient = 12 * kUnit;
  return setting;
}

TEST_P(LayersTest, LayerNormMatchesTheReference) {
  const auto op = setting().cuda_path ? cuda::layer_norm : layer_norm;
  expect_op_matches(
      norm_setting(setting()), [&](const auto& in) { return op(in[0], in[1], 1e-5); },
      [](const auto& in) { return reference::layer_norm(in[0], in[1], 1e-5); },
      {torch::randn({rows, columns}) * 2 + 0.5, torch::randn({columns})});
}

TEST_P(LayersTest, LinearMatchesTheReference) {
  std::vector<torch::Tensor> inputs = {torch::randn({rows, columns}), torch::randn({columns}),
                                       torch::randn({7, columns})};
  for (const bool residual : {false, true}) {
    if (residual) inputs.push_back(torch::randn({rows, 7}));
    expect_op_matches(
        norm_setting(setting()),
        [&](const auto& in) {
          return linear(recomputable_norm(in[0], in[1]), in[2], residual ? in[3] : torch::Tensor());
        },
        [&](const auto& in) {
          const auto y = torch::matmul(reference::layer_norm(in[0], in[1], 1e-5), in[2].t());
          return residual ? y + in[3] : y;
        },
        inputs);
  }
}

TEST_P(LayersTest, EmbeddingNormMatchesTheReference) {
  const auto tokens = torch::randint(0, 19, {rows}, torch::kInt32);
  const auto op = setting().cuda_path ? cuda::embedding_norm : embedding_norm;
  expect_op_matches(
      norm_setting(setting()),
      [&](const auto& in) { return op(in[0], in[1], tokens.to(setting().device), 1e-5); },
      [&](const auto& in) { return reference::embedding_norm(in[0], in[1], tokens, 1e-5); },
      {torch::randn({19, columns}) * 0.05, torch::randn({columns})});
}

TEST_P(LayersTest, GeGluMatchesTheReference) {
  const auto op = setting().cuda_path ? cuda::geglu : geglu;
  expect_op_matches(
      setting(), [&](const auto& in) { return op(in[0]); },
      [](const auto& in) { return reference::geglu(in[0]); },
      {torch::randn({rows, 2 * columns}) * 3});
}

TEST_P(LayersTest, DropoutAddMatchesTheReference) {
  const auto row = torch::arange(rows, torch::kInt32) / 7 + 100;
  const auto token = torch::arange(rows, torch::kInt32) % 7;
  const DropoutKey key{.seed = 0x123456789abcdef0, .step = 3, .layer = 2};
  const auto rows_T = row.to(torch::kInt32);
  const auto tokens_T = token.to(torch::kInt32);
  const auto op = setting().cuda_path ? cuda::dropout_add : dropout_add;
  expect_op_matches(
      setting(),
      [&](const auto& in) {
        return op(in[0], in[1], rows_T.to(setting().device), tokens_T.to(setting().device), 0.1,
                  key);
      },
      [&](const auto& in) {
        return reference::dropout_add(in[0], in[1], rows_T, tokens_T, 0.1, key);
      },
      {torch::randn({rows, columns}), torch::randn({rows, columns})});
}

// What is dropped shows as zeros of y where the residual is zero.
TEST_P(LayersTest, DropoutAddDropsTheSameElementsEverywhere) {
  const auto rows_T = torch::arange(rows, torch::kInt32) - 3;  // the last bits of a word, too
  const auto tokens_T = torch::arange(rows, torch::kInt32) * 65537;
  const DropoutKey key{.seed = 0xfedcba9876543210, .step = 1 << 20, .layer = 27};
  const auto op = setting().cuda_path ? cuda::dropout_add : dropout_add;
  const auto ones = torch::ones({rows, columns}, setting().options());
  const auto got = op(torch::zeros_like(ones), ones, rows_T.to(setting().device),
                      tokens_T.to(setting().device), 0.4, key);
  const auto plain = torch::ones({rows, columns}, torch::kFloat64);
  const auto expected =
      reference::dropout_add(torch::zeros_like(plain), plain, rows_T, tokens_T, 0.4, key);
  EXPECT_TRUE((got == 0).cpu().equal(expected == 0));
}

TEST(Linear, DoesNotKeepWhatItComputesAgainAndHasTheGradientsOfLibTorch) {
  torch::manual_seed(6);
  const auto x_TD = torch::randn({40, 32}).requires_grad_();
  const auto norm_D = torch::randn({32}).requires_grad_();
  const auto w_OD = torch::randn({24, 32}).requires_grad_();
  const auto residual_TO = torch::randn({40, 24}).requires_grad_();
  const auto gradients_of = [&](const torch::Tensor& y_TO) {
    return torch::autograd::grad({y_TO.square().sum()}, {x_TD, norm_D, w_OD, residual_TO});
  };
  const auto expected =
      gradients_of(torch::addmm(residual_TO, layer_norm(x_TD, norm_D, 1e-5), w_OD.t()));
  const Recomputable normed = recomputable_norm(x_TD, norm_D);
  const auto y_TO = linear(normed, w_OD, residual_TO);
  EXPECT_EQ(normed.value.storage().use_count(), 1);
  const auto got = gradients_of(y_TO);
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(got[i].equal(expected[i])) << i;
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(linear(normed, w_OD, residual_TO).requires_grad());
}

TEST(GeGlu, TailsAreExact) {
  auto x = torch::tensor({{-30.0f, -8.0f, -4.0f, 0.0f, 4.0f, 12.0f}}).repeat({1, 2});
  x.slice(1, 6).fill_(1.0f);
  const auto expected = torch::gelu(x.slice(1, 0, 6).to(torch::kFloat64));
  EXPECT_LE((geglu(x).to(torch::kFloat64) - expected).abs().max().item<double>(), 1e-6);
}

TEST(GeGlu, NotANumberStaysOne) {
  auto x = torch::zeros({1, 32});
  x[0][3] = std::numeric_limits<float>::quiet_NaN();
  const auto y = geglu(x);
  EXPECT_TRUE(std::isnan(y[0][3].item<float>()));
  EXPECT_EQ(y.isnan().sum().item<int64_t>(), 1);
}

TEST(DropoutAdd, DropsTheShareItWasAskedForAndDependsOnEveryPartOfItsKey) {
  const int64_t rows = 512;
  const int64_t columns = 256;
  const auto zeros = torch::zeros({rows, columns});
  const auto ones = torch::ones({rows, columns});
  const auto rows_T = torch::zeros({rows}, torch::kInt32);
  const auto tokens_T = torch::arange(rows, torch::kInt32);
  const auto draw = [&](const DropoutKey& key, const torch::Tensor& row) {
    return dropout_add(zeros, ones, row, tokens_T, 0.1, key);
  };
  const DropoutKey key{.seed = 1, .step = 2, .layer = 3};
  const auto kept = draw(key, rows_T);
  const double share = (kept == 0).to(torch::kFloat64).mean().item<double>();
  // Five standard deviations of the mean of 131,072 draws.
  EXPECT_NEAR(share, 0.1, 5 * 0.3 / std::sqrt(131072.0));
  EXPECT_FLOAT_EQ(kept.max().item<float>(), 1.0f / 0.9f);
  EXPECT_TRUE(kept.equal(draw(key, rows_T)));
  EXPECT_FALSE(kept.equal(draw({.seed = 2, .step = 2, .layer = 3}, rows_T)));
  EXPECT_FALSE(kept.equal(draw({.seed = 1, .step = 3, .layer = 3}, rows_T)));
  EXPECT_FALSE(kept.equal(draw({.seed = 1, .step = 2, .layer = 4}, rows_T)));
  EXPECT_FALSE(kept.equal(draw(key, rows_T + 1)));
  // A part of the batch draws what the whole draws there.
  const auto part = dropout_add(zeros.slice(0, 100, 200), ones.slice(0, 100, 200),
                                rows_T.slice(0, 100, 200), tokens_T.slice(0, 100, 200), 0.1, key);
  EXPECT_TRUE(part.equal(kept.slice(0, 100, 200)));
}

TEST(Layers, RefuseWhatTheirContractsExclude) {
  const auto message = [](auto&& call) -> std::string {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  const auto x = torch::zeros({2, 4});
  EXPECT_EQ(message([&] { layer_norm(x, torch::ones({3}), 1e-5); }),
            "layer_norm: weight: expected one number of the input's type for each column, "
            "got Float [3]");
  EXPECT_EQ(message([&] {
              embedding_norm(x, torch::ones({4}), torch::tensor({1, 2}, torch::kInt32), 1e-5);
            }),
            "embedding_norm: tokens[1]: expected an id from 0 to 1, got 2");
  EXPECT_EQ(message([&] { geglu(torch::zeros({2, 3})); }),
            "geglu: input: expected a floating matrix with an even number of columns, "
            "got Float [2, 3]");
  EXPECT_EQ(message([&] { linear({x, {}, {}}, torch::ones({2, 3})); }),
            "linear: weight: expected a matrix of the input's type and columns, got Float [2, 3]");
  EXPECT_EQ(message([&] { linear({x, {}, {}}, torch::ones({3, 4}), torch::ones({3})); }),
            "linear: residual: expected the product's shape and type, got Float [3]");
  const auto index = torch::zeros({2}, torch::kInt32);
  EXPECT_EQ(message([&] { dropout_add(x, x, index, index, 1.0, {}); }),
            "dropout_add: p: expected a probability from 0 to below 1, got 1");
}

}  // namespace
}  // namespace rexbert::ops
