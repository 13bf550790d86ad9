#include "nn/parity.h"

#include <gtest/gtest.h>

#include "rexbert/ops/reference.h"

namespace rexbert::nn {
namespace {

const ParityCase& golden() {
  static const ParityCase parity =
      read_parity_case(REXBERT_SOURCE_DIR "/tests/golden/modernbert.safetensors");
  return parity;
}

MaskedLanguageModel make_model(const EncoderConfig& config) {
  MaskedLanguageModel model(config);
  draw_weights(model, golden().shape.at("seed"));
  return model;
}

double error_of(const EncoderConfig& config, const EncoderInput& input) {
  torch::NoGradGuard no_grad;
  return logit_error(golden(), make_model(config).logits(input, golden()["logit_tokens"]));
}

// Each mistake below must cost at least this: well above the tolerance, whatever rounding adds.
constexpr double kSeen = 5 * kLogitTolerance;

TEST(Parity, ParametersAreThoseOfTransformersInNameAndShape) {
  const auto parameters = make_model(golden().config()).named_parameters();
  size_t gradients = 0;
  for (const auto& [name, tensor] : golden().tensors) {
    if (!name.starts_with("gradient.")) continue;
    ++gradients;
    const auto* parameter = parameters.find(name.substr(9));
    ASSERT_NE(parameter, nullptr) << name;
    EXPECT_EQ(parameter->sizes(), tensor.sizes()) << name;
  }
  EXPECT_EQ(parameters.size(), gradients);
}

TEST(Parity, LogitsAreThoseOfTransformers) {
  EXPECT_LE(error_of(golden().config(), golden().input()), kLogitTolerance);
}

TEST(Parity, EveryGradientIsThatOfTransformers) {
  auto model = make_model(golden().config());
  const MlmLoss loss = model.loss(golden().input(), golden()["masked"], golden()["targets"]);
  const auto mean = loss.sum / static_cast<double>(loss.count);
  EXPECT_NEAR(mean.item<double>(), golden()["step_losses"][0].item<double>(), kStepLossTolerance);
  mean.backward();
  const GradientError error = gradient_error(golden(), model);
  EXPECT_LE(error.largest, kGradientTolerance) << error.parameter;
}

TEST(Parity, AWindowOffByOneIsSeen) {
  for (const int64_t window : {126, 130}) {
    EncoderConfig config = golden().config();
    config.local_window = window;
    EXPECT_GT(error_of(config, golden().input()), kSeen) << window;
  }
}

TEST(Parity, AWrongThetaIsSeen) {
  EncoderInput input = golden().input();
  input.rope.global = 10000;
  EXPECT_GT(error_of(golden().config(), input), kSeen);
  input = golden().input();
  input.rope.local = 160000;
  EXPECT_GT(error_of(golden().config(), input), kSeen);
}

TEST(Parity, AnotherEpsilonIsSeen) {
  EncoderConfig config = golden().config();
  config.norm_eps = 1e-6;
  EXPECT_GT(error_of(config, golden().input()), kSeen);
}

TEST(Parity, SwappedGluHalvesAreSeen) {
  torch::NoGradGuard no_grad;
  auto model = make_model(golden().config());
  for (auto& item : model.named_parameters()) {
    if (!item.key().ends_with("Wi.weight")) continue;
    const auto halves = item.value().clone().chunk(2);
    item.value().copy_(torch::cat({halves[1], halves[0]}));
  }
  EXPECT_GT(logit_error(golden(), model.logits(golden().input(), golden()["logit_tokens"])), kSeen);
}

// The whole model from the reference ops, with the form of GELU as a parameter, in float64.
torch::Tensor plain_logits(MaskedLanguageModel& model, const char* gelu) {
  const EncoderConfig config = golden().config();
  const EncoderInput input = golden().input();
  const auto parameters = model.named_parameters();
  const auto weight = [&](const std::string& name) {
    return parameters[name].detach().to(torch::kFloat64);
  };
  const auto norm = [&](const torch::Tensor& x, const std::string& name) {
    return ops::reference::layer_norm(x, weight(name + ".weight"), config.norm_eps);
  };
  auto x = norm(weight("model.embeddings.tok_embeddings.weight").index_select(0, input.tokens_T),
                "model.embeddings.norm");
  for (int64_t i = 0; i < config.layers; ++i) {
    const std::string layer = "model.layers." + std::to_string(i);
    const bool global = config.is_global(i);
    const auto rope =
        ops::rope_table(1024, config.head_dim(), global ? input.rope.global : input.rope.local);
    const auto normed = i == 0 ? x : norm(x, layer + ".attn_norm");
    const auto qkv = torch::linear(normed, weight(layer + ".attn.Wqkv.weight"))
                         .view({-1, 3, config.heads, config.head_dim()});
    const auto attended =
        ops::reference::attention(qkv, rope, input.positions_T, input.offsets_S1,
                                  global ? ops::kGlobalAttention : config.local_window / 2);
    x = x + torch::linear(attended.reshape({-1, config.hidden}), weight(layer + ".attn.Wo.weight"));
    const auto halves =
        torch::linear(norm(x, layer + ".mlp_norm"), weight(layer + ".mlp.Wi.weight")).chunk(2, 1);
    x = x +
        torch::linear(torch::gelu(halves[0], gelu) * halves[1], weight(layer + ".mlp.Wo.weight"));
  }
  x = norm(x, "model.final_norm").index_select(0, golden()["logit_tokens"]);
  x = norm(torch::gelu(torch::linear(x, weight("head.dense.weight")), gelu), "head.norm");
  return torch::linear(x, weight("model.embeddings.tok_embeddings.weight"), weight("decoder.bias"));
}

TEST(Parity, TanhGeluIsSeen) {
  auto model = make_model(golden().config());
  EXPECT_LE(logit_error(golden(), plain_logits(model, "none")), kLogitTolerance);
  EXPECT_GT(logit_error(golden(), plain_logits(model, "tanh")), kSeen);
}

}  // namespace
}  // namespace rexbert::nn
