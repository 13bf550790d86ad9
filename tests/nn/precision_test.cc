#include <gtest/gtest.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>

#include "nn/parity.h"
#include "support/cuda.h"

namespace rexbert::nn {
namespace {

// How far from transformers in float64 a way to compute may be, by ||difference|| / ||reference||.
// bfloat16's are 6 and 18 times its unit roundoff of 2^-8: thirteen layers round the residual
// stream, and sharp attention multiplies what its scores lose. Measured on the CPU: 1.4% and 4.4%,
// so that a GPU, which rounds elsewhere, has half as much again.
struct Setting {
  const char* name;
  torch::DeviceType device;
  Precision precision;
  double logits;
  double gradients;
};
constexpr Setting kSettings[] = {
    {"Bf16OnCpu", torch::kCPU, Precision::kBf16, 6.0 / 256, 18.0 / 256},
    {"F32OnCuda", torch::kCUDA, Precision::kF32, 1e-5, 1e-5},
    {"Bf16OnCuda", torch::kCUDA, Precision::kBf16, 6.0 / 256, 18.0 / 256},
};

std::ostream& operator<<(std::ostream& out, const Setting& setting) { return out << setting.name; }

const ParityCase& golden() {
  static const ParityCase parity =
      read_parity_case(REXBERT_SOURCE_DIR "/tests/golden/modernbert.safetensors");
  return parity;
}

class PrecisionTest : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    const std::string reason =
        GetParam().device == torch::kCUDA ? test::no_cuda_reason() : std::string();
    if (!reason.empty()) GTEST_SKIP() << reason;
    at::set_num_threads(1);  // more cost more than they gain at this size
    draw_weights(model_, golden().shape.at("seed"));
    model_.to(GetParam().device);
    model_.set_precision(GetParam().precision);
  }

  torch::Tensor here(const std::string& name) const { return golden()[name].to(GetParam().device); }

  EncoderInput input() const {
    EncoderInput input = golden().input();
    for (auto* tensor : {&input.tokens_T, &input.positions_T, &input.offsets_S1})
      *tensor = tensor->to(GetParam().device);
    return input;
  }

  MlmLoss loss() { return model_.loss(input(), here("masked"), here("targets")); }

  MaskedLanguageModel model_{golden().config()};
};

INSTANTIATE_TEST_SUITE_P(Settings, PrecisionTest, testing::ValuesIn(kSettings),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(PrecisionTest, LogitsAndGradientsAreThoseOfTransformers) {
  const auto logits = model_.logits(input(), here("logit_tokens"));
  EXPECT_EQ(logits.scalar_type(), torch::kFloat32);
  const auto& expected = golden()["logits"];
  const double error = (logits.detach().cpu().to(torch::kFloat64) - expected).norm().item<double>();
  EXPECT_LE(error / expected.norm().item<double>(), GetParam().logits);
  const MlmLoss sum = loss();
  (sum.sum / static_cast<double>(sum.count)).backward();
  const GradientError gradients = gradient_error(golden(), model_);
  EXPECT_LE(gradients.largest, GetParam().gradients) << gradients.parameter;
}

TEST_P(PrecisionTest, ScoresAreThoseOfTheLoss) {
  const auto scores = model_.score(input(), here("masked"), here("targets"));
  const double sum = loss().sum.item<double>();
  EXPECT_NEAR(scores.loss_M.sum().item<double>() / sum, 1.0, 1e-5);
}

TEST_P(PrecisionTest, WeightsAndGradientsStayFloat32) {
  loss().sum.backward();
  for (const auto& item : model_.named_parameters()) {
    EXPECT_EQ(item.value().scalar_type(), torch::kFloat32) << item.key();
    EXPECT_EQ(item.value().grad().scalar_type(), torch::kFloat32) << item.key();
    EXPECT_TRUE(item.value().is_leaf()) << item.key();
  }
}

// Micro-batches add up in float32: a second one moves a gradient by exactly what it is alone.
TEST_P(PrecisionTest, GradientsAccumulateInFloat32) {
  const auto backward = [&](double scale) { (loss().sum * scale).backward(); };
  const auto gradient = [&] { return model_.parameters()[0].grad().clone(); };
  backward(1.0);
  const auto large = gradient();
  model_.zero_grad();
  backward(1.0 / 4096);
  const auto small = gradient();
  model_.zero_grad();
  backward(1.0);
  backward(1.0 / 4096);
  EXPECT_TRUE(gradient().equal(large + small));
  EXPECT_FALSE(large.to(torch::kBFloat16).equal((large + small).to(torch::kFloat32)));
}

// What reduces gradients over processes hooks on to each weight's accumulation.
TEST_P(PrecisionTest, EveryWeightsAccumulationRunsOnce) {
  std::map<std::string, int> runs;
  std::vector<std::shared_ptr<torch::autograd::Node>> accumulators;
  for (const auto& item : model_.named_parameters()) {
    accumulators.push_back(torch::autograd::impl::grad_accumulator(item.value()));
    accumulators.back()->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [&runs, name = item.key()](const auto& outputs, const auto&) {
          ++runs[name];
          return outputs;
        }));
  }
  loss().sum.backward();
  for (const auto& item : model_.named_parameters()) EXPECT_EQ(runs[item.key()], 1) << item.key();
}

}  // namespace
}  // namespace rexbert::nn
