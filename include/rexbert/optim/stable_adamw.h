#pragma once

// optim: the optimizer and its parameter groups. The arithmetic of one update is
// ops::stable_adamw_update; here is which tensors it is applied to, with which scalars, and the
// state that checkpoints carry.

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::optim {

struct StableAdamWOptions {
  // Decay of the gradient's moving average, 0 to below 1. Default 0.9.
  double beta1 = 0.9;
  // Decay of the squared gradient's moving average, 0 to below 1. Default 0.98.
  double beta2 = 0.98;
  // Added to the root of the second moment. Default 1e-6.
  double epsilon = 1e-6;
  // The learning rate that weight decay is measured against, the run's first peak; above 0.
  double max_learning_rate = 0;
};

// Moving averages of one parameter; each costs as much memory as the parameter.
struct ParameterState {
  torch::Tensor exp_avg;
  torch::Tensor exp_avg_sq;
};

// Norms and biases are not decayed.
bool is_decayed(std::string_view parameter_name);

// StableAdamW of the contract in ops/update.h, with the decays debiased by the step number, as
// torch-optimi's StableAdamW(decouple_lr=True, max_lr=...).
class StableAdamW {
 public:
  // Error(kUsage) for an option outside its range.
  StableAdamW(const torch::OrderedDict<std::string, torch::Tensor>& parameters,
              const StableAdamWOptions& options);

  // One update of every parameter that has a gradient. weight_decay applies to the decayed ones.
  void step(double learning_rate, double weight_decay);
  // Sets all gradients to zero, keeping their memory.
  void zero_grad();
  // The Euclidean norm of all gradients, and the same as a scalar on their device, for which nobody
  // waits.
  double gradient_norm() const { return gradient_norm_tensor().item<double>(); }
  torch::Tensor gradient_norm_tensor() const;

  // What a checkpoint holds: updates done so far, and the state by parameter name.
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }
  std::map<std::string, ParameterState>& state() { return state_; }

 private:
  torch::OrderedDict<std::string, torch::Tensor> parameters_;
  StableAdamWOptions options_;
  int64_t steps_ = 0;
  std::map<std::string, ParameterState> state_;
};

}  // namespace rexbert::optim
