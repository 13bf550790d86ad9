#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <vector>

namespace rexbert::ops {

// Tolerances of the float32 CPU paths against the float64 reference, by ||difference|| /
// ||reference||. Rounding of a float32 op of these sizes is 1e-7 to 5e-7; the reference itself in
// float32 is within 6e-7. A wrong key at a window's edge, an approximated GELU or a lost term costs
// 1e-4 and more.
inline constexpr double kValueTolerance = 1e-6;
inline constexpr double kGradientTolerance = 2e-6;

inline double relative_difference(const torch::Tensor& got, const torch::Tensor& expected) {
  const auto reference = expected.detach().to(torch::kFloat64);
  const double difference = (got.detach().to(torch::kFloat64) - reference).norm().item<double>();
  const double norm = reference.norm().item<double>();
  return norm == 0 ? difference : difference / norm;
}

using Op = std::function<torch::Tensor(const std::vector<torch::Tensor>&)>;

// Holds `fast` on float32 inputs to `reference` on the same inputs in float64: values, and
// gradients of a random weighting of the output with respect to every input.
inline void expect_op_matches(const Op& fast, const Op& reference,
                              const std::vector<torch::Tensor>& inputs) {
  std::vector<torch::Tensor> single;
  std::vector<torch::Tensor> exact;
  for (const auto& input : inputs) {
    single.push_back(input.detach().to(torch::kFloat32).requires_grad_());
    exact.push_back(input.detach().to(torch::kFloat32).to(torch::kFloat64).requires_grad_());
  }
  const auto got = fast(single);
  const auto expected = reference(exact);
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LE(relative_difference(got, expected), kValueTolerance);
  const auto weighting = torch::randn(expected.sizes(), torch::kFloat32);
  got.backward(weighting);
  expected.backward(weighting.to(torch::kFloat64));
  for (size_t i = 0; i < inputs.size(); ++i) {
    ASSERT_TRUE(single[i].grad().defined()) << "input " << i;
    EXPECT_LE(relative_difference(single[i].grad(), exact[i].grad()), kGradientTolerance)
        << "gradient of input " << i;
  }
}

}  // namespace rexbert::ops
