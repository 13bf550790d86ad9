#include "rexbert/optim/stable_adamw.h"

#include <cmath>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/ops/update.h"

namespace rexbert::optim {
namespace {

void require(bool holds, const char* name, const char* expected, double got) {
  if (holds) return;
  throw Error(ErrorCode::kUsage,
              str_cat("stable_adamw: ", name, ": expected ", expected, ", got ", got));
}

// Adam's bias correction as a decay: averages with it are those with beta divided by 1 - beta^step.
double debiased(double beta, int64_t step) {
  const double power = std::pow(beta, static_cast<double>(step));
  return (power - beta) / (power - 1.0);
}

}  // namespace

bool is_decayed(std::string_view parameter_name) {
  return !parameter_name.ends_with("norm.weight") && !parameter_name.ends_with("bias");
}

StableAdamW::StableAdamW(const torch::OrderedDict<std::string, torch::Tensor>& parameters,
                         const StableAdamWOptions& options)
    : parameters_(parameters), options_(options) {
  constexpr const char* kDecay = "a number from 0 to below 1";
  require(options.beta1 >= 0 && options.beta1 < 1, "beta1", kDecay, options.beta1);
  require(options.beta2 >= 0 && options.beta2 < 1, "beta2", kDecay, options.beta2);
  require(options.epsilon > 0, "epsilon", "a number above 0", options.epsilon);
  require(options.max_learning_rate > 0, "max_learning_rate", "a number above 0",
          options.max_learning_rate);
  for (const auto& parameter : parameters_) {
    state_[parameter.key()] = {torch::zeros_like(parameter.value().detach()),
                               torch::zeros_like(parameter.value().detach())};
  }
}

void StableAdamW::step(double learning_rate, double weight_decay) {
  torch::NoGradGuard no_grad;
  ++steps_;
  ops::StableAdamWStep scalars{.learning_rate = learning_rate,
                               .max_learning_rate = options_.max_learning_rate,
                               .weight_decay = 0,
                               .beta1_hat = debiased(options_.beta1, steps_),
                               .beta2_hat = debiased(options_.beta2, steps_),
                               .epsilon = options_.epsilon};
  for (auto& parameter : parameters_) {
    if (!parameter.value().grad().defined()) continue;
    ParameterState& state = state_.at(parameter.key());
    scalars.weight_decay = is_decayed(parameter.key()) ? weight_decay : 0.0;
    ops::stable_adamw_update(parameter.value(), parameter.value().grad(), state.exp_avg,
                             state.exp_avg_sq, scalars);
  }
}

void StableAdamW::zero_grad() {
  for (auto& parameter : parameters_) {
    if (parameter.value().grad().defined()) parameter.value().mutable_grad().zero_();
  }
}

torch::Tensor StableAdamW::gradient_norm_tensor() const {
  std::vector<torch::Tensor> gradients;
  for (const auto& parameter : parameters_) gradients.push_back(parameter.value().grad());
  return ops::global_norm(gradients);
}

}  // namespace rexbert::optim
