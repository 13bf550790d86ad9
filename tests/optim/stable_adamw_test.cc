#include "rexbert/optim/stable_adamw.h"

#include <gmock/gmock.h>

#include "rexbert/core/error.h"

namespace rexbert::optim {
namespace {

using Parameters = torch::OrderedDict<std::string, torch::Tensor>;

Parameters make_parameters() {
  torch::manual_seed(8);
  Parameters parameters;
  for (const char* name : {"layers.0.mlp.Wo.weight", "layers.0.mlp_norm.weight", "decoder.bias"})
    parameters.insert(name, torch::randn({6}).requires_grad_());
  return parameters;
}

void set_gradients(Parameters& parameters, int step) {
  for (auto& parameter : parameters) {
    parameter.value().mutable_grad() =
        torch::sin(torch::arange(6, torch::kFloat32) + static_cast<double>(step)) * 0.01;
  }
}

TEST(StableAdamW, DecaysMatricesOnly) {
  EXPECT_TRUE(is_decayed("model.layers.0.attn.Wqkv.weight"));
  EXPECT_TRUE(is_decayed("model.embeddings.tok_embeddings.weight"));
  EXPECT_FALSE(is_decayed("model.embeddings.norm.weight"));
  EXPECT_FALSE(is_decayed("model.layers.3.attn_norm.weight"));
  EXPECT_FALSE(is_decayed("model.final_norm.weight"));
  EXPECT_FALSE(is_decayed("decoder.bias"));

  Parameters parameters = make_parameters();
  const auto before = parameters[0].value().detach().clone();
  for (auto& parameter : parameters) parameter.value().mutable_grad() = torch::zeros({6});
  std::vector<torch::Tensor> unchanged;
  for (auto& parameter : parameters) unchanged.push_back(parameter.value().detach().clone());
  StableAdamW optimizer(parameters, {.max_learning_rate = 1e-2});
  optimizer.step(5e-3, 0.1);
  EXPECT_TRUE(torch::allclose(parameters[0].value(), before * (1 - 0.5 * 0.1), 1e-6, 0));
  EXPECT_TRUE(parameters[1].value().equal(unchanged[1]));
  EXPECT_TRUE(parameters[2].value().equal(unchanged[2]));
}

TEST(StableAdamW, ContinuesFromItsStateBitForBit) {
  Parameters straight = make_parameters();
  StableAdamW optimizer(straight, {.max_learning_rate = 1e-2});
  Parameters resumed;
  StableAdamW* second = nullptr;
  std::unique_ptr<StableAdamW> owner;
  for (int step = 0; step < 6; ++step) {
    if (step == 3) {
      for (auto& parameter : straight)
        resumed.insert(parameter.key(), parameter.value().detach().clone().requires_grad_());
      owner = std::make_unique<StableAdamW>(resumed, StableAdamWOptions{.max_learning_rate = 1e-2});
      second = owner.get();
      second->set_steps(optimizer.steps());
      for (auto& [name, state] : optimizer.state()) {
        second->state().at(name).exp_avg.copy_(state.exp_avg);
        second->state().at(name).exp_avg_sq.copy_(state.exp_avg_sq);
      }
    }
    set_gradients(straight, step);
    optimizer.step(1e-2, 1e-3);
    if (second == nullptr) continue;
    set_gradients(resumed, step);
    second->step(1e-2, 1e-3);
  }
  for (auto& parameter : straight)
    EXPECT_TRUE(parameter.value().equal(resumed[parameter.key()])) << parameter.key();
}

TEST(StableAdamW, SkipsParametersWithoutGradientAndZeroesInPlace) {
  Parameters parameters = make_parameters();
  const auto before = parameters[0].value().detach().clone();
  StableAdamW optimizer(parameters, {.max_learning_rate = 1e-2});
  optimizer.step(1e-2, 0.1);
  EXPECT_TRUE(parameters[0].value().equal(before));
  set_gradients(parameters, 1);
  const void* memory = parameters[0].value().grad().data_ptr();
  EXPECT_GT(optimizer.gradient_norm(), 0);
  optimizer.zero_grad();
  EXPECT_EQ(optimizer.gradient_norm(), 0);
  EXPECT_EQ(parameters[0].value().grad().data_ptr(), memory);
}

TEST(StableAdamW, RefusesOptionsOutsideTheirRange) {
  const Parameters parameters = make_parameters();
  try {
    StableAdamW optimizer(parameters, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "stable_adamw: max_learning_rate: expected a number above 0, got 0");
  }
  EXPECT_THROW(StableAdamW(parameters, {.beta2 = 1.0, .max_learning_rate = 1e-2}), Error);
}

}  // namespace
}  // namespace rexbert::optim
