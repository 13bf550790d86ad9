#pragma once

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <ostream>
#include <vector>

#include "support/cuda.h"

namespace rexbert::ops {

// One way to run the ops, and how far from the float64 reference it may be, by ||difference|| /
// ||reference||.
struct Setting {
  const char* name;
  torch::DeviceType device;
  torch::ScalarType type;
  bool cuda_path;  // src/ops/cuda itself; else what the op chooses
  double value;
  double gradient;

  torch::TensorOptions options() const { return torch::TensorOptions(device).dtype(type); }
  // Why it cannot be run here, or nothing.
  std::string skip_reason() const {
    return device == torch::kCUDA ? test::no_cuda_reason() : std::string();
  }
};

inline std::ostream& operator<<(std::ostream& out, const Setting& setting) {
  return out << setting.name;
}

// Rounding of a float32 op of these sizes is 1e-7 to 5e-7; the reference itself in float32 is
// within 6e-7. A GPU sums in another order and has another exp and erf (errors of 2 units in the
// last place): twice the CPU's. A wrong key at a window's edge, an approximated GELU or a lost term
// costs 1e-4 and more.
//
// bfloat16 rounds to 8 bits, by at most u = 2^-8 and 0.4 u in the root of the mean square. Values
// are rounded up to three times behind each other, scores before a softmax included; gradients up
// to five times: 2 u and 3 u. Measured on the CPU: up to 1.4 u and 1.6 u. What a wrong key at a
// window's edge costs, tests of their own hold to twice the tolerance.
inline constexpr double kUnit = 1.0 / 256;
inline constexpr Setting kSettings[] = {
    {"F32OnCpu", torch::kCPU, torch::kFloat32, false, 1e-6, 2e-6},
    {"Bf16OnCpu", torch::kCPU, torch::kBFloat16, false, 2 * kUnit, 3 * kUnit},
    {"CudaPathF32OnCpu", torch::kCPU, torch::kFloat32, true, 1e-6, 2e-6},
    {"CudaPathBf16OnCpu", torch::kCPU, torch::kBFloat16, true, 2 * kUnit, 3 * kUnit},
    {"F32OnCuda", torch::kCUDA, torch::kFloat32, false, 2e-6, 4e-6},
    {"Bf16OnCuda", torch::kCUDA, torch::kBFloat16, false, 2 * kUnit, 3 * kUnit},
};
inline constexpr double kValueTolerance = kSettings[0].value;

inline double relative_difference(const torch::Tensor& got, const torch::Tensor& expected) {
  const auto reference = expected.detach().cpu().to(torch::kFloat64);
  const double difference =
      (got.detach().cpu().to(torch::kFloat64) - reference).norm().item<double>();
  const double norm = reference.norm().item<double>();
  return norm == 0 ? difference : difference / norm;
}

using Op = std::function<torch::Tensor(const std::vector<torch::Tensor>&)>;

// Holds `fast` on inputs of the setting's type and device to `reference` on the same numbers in
// float64 on the CPU: values, and gradients of a random weighting of the output with respect to
// every input.
inline void expect_op_matches(const Setting& setting, const Op& fast, const Op& reference,
                              const std::vector<torch::Tensor>& inputs) {
  std::vector<torch::Tensor> tested;
  std::vector<torch::Tensor> exact;
  for (const auto& input : inputs) {
    const auto rounded = input.detach().to(setting.type);
    tested.push_back(rounded.to(setting.device).requires_grad_());
    exact.push_back(rounded.detach().to(torch::kFloat64).requires_grad_());
  }
  const auto got = fast(tested);
  const auto expected = reference(exact);
  ASSERT_EQ(got.sizes(), expected.sizes());
  EXPECT_LE(relative_difference(got, expected), setting.value);
  const auto weighting = torch::randn(expected.sizes(), torch::kFloat32).to(got.scalar_type());
  got.backward(weighting.to(setting.device));
  expected.backward(weighting.to(torch::kFloat64));
  for (size_t i = 0; i < inputs.size(); ++i) {
    ASSERT_TRUE(tested[i].grad().defined()) << "input " << i;
    EXPECT_LE(relative_difference(tested[i].grad(), exact[i].grad()), setting.gradient)
        << "gradient of input " << i;
  }
}

// A test over all settings and some cases; skips, saying why, where the setting has no device.
template <class Case>
class SettingTest : public testing::TestWithParam<std::tuple<Setting, Case>> {
 protected:
  void SetUp() override {
    if (const std::string reason = setting().skip_reason(); !reason.empty()) GTEST_SKIP() << reason;
  }
  const Setting& setting() const { return std::get<0>(this->GetParam()); }
  const Case& shape() const { return std::get<1>(this->GetParam()); }
};

// "F32OnCpu_600x40": tools select the tests of a GPU by OnCuda.
struct SettingTestName {
  template <class Info>
  std::string operator()(const Info& info) const {
    std::ostringstream name;
    name << std::get<0>(info.param) << '_' << std::get<1>(info.param);
    return name.str();
  }
};

}  // namespace rexbert::ops
