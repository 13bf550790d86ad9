#pragma once

#include <torch/torch.h>

#include <vector>

namespace rexbert::ops {

// Scalars of one StableAdamW update of one tensor.
struct StableAdamWStep {
  double learning_rate = 0;
  double max_learning_rate = 0;  // what the decoupled weight decay is measured against
  double weight_decay = 0;
  double beta1_hat = 0;  // debiased: (beta^step - beta) / (beta^step - 1)
  double beta2_hat = 0;
  double epsilon = 1e-6;
};

// In place, for gradient g, parameter w and moments m, v of one shape:
//   m = beta1_hat m + (1 - beta1_hat) g,  v = beta2_hat v + (1 - beta2_hat) g^2
//   lr_t = learning_rate / max(1, RMS),   RMS = sqrt(mean(g^2 / max(v, epsilon^2)))
//   w = (1 - lr_t / max_learning_rate * weight_decay) w - lr_t m / (sqrt(v) + epsilon)
// Returns RMS, a float64 scalar on the parameter's device. Wortsman et al. 2023 ("Stable and
// low-precision training", algorithm 2) as torch-optimi's StableAdamW(decouple_lr=True). Sums run
// over fixed chunks, in double: the same bits on any number of threads.
torch::Tensor stable_adamw_update(torch::Tensor& parameter, const torch::Tensor& gradient,
                                  torch::Tensor& exp_avg, torch::Tensor& exp_avg_sq,
                                  const StableAdamWStep& step);

// sqrt(sum over all elements of all tensors of x^2), a float64 scalar on their device; undefined
// tensors count nothing.
torch::Tensor global_norm(const std::vector<torch::Tensor>& tensors);

}  // namespace rexbert::ops
