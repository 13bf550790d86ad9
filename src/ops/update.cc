#include "rexbert/ops/update.h"

#include <cmath>

#include "ops/checks.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/parallel.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {
namespace {

// The sum of part(begin, end) over fixed chunks of [0, count), added in order.
template <class Part>
double chunked_sum(int64_t count, const Part& part) {
  std::vector<double> sums(static_cast<size_t>((count + cpu::kFlatGrain - 1) / cpu::kFlatGrain));
  cpu::parallel_ranges(count, cpu::kFlatGrain, [&](int64_t begin, int64_t end) {
    sums[static_cast<size_t>(begin / cpu::kFlatGrain)] = part(begin, end);
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

double update_cpu(torch::Tensor& parameter, const torch::Tensor& gradient, torch::Tensor& exp_avg,
                  torch::Tensor& exp_avg_sq, const StableAdamWStep& step) {
  const int64_t count = parameter.numel();
  const float* g = gradient.const_data_ptr<float>();
  float* w = parameter.data_ptr<float>();
  float* m = exp_avg.data_ptr<float>();
  float* v = exp_avg_sq.data_ptr<float>();
  const cpu::AdamScalars scalars{.beta1_complement = static_cast<float>(1.0 - step.beta1_hat),
                                 .beta2 = static_cast<float>(step.beta2_hat),
                                 .beta2_complement = static_cast<float>(1.0 - step.beta2_hat),
                                 .epsilon = static_cast<float>(step.epsilon)};
  const double ratio = chunked_sum(count, [&](int64_t begin, int64_t end) {
    return cpu::kernels().adam_moments(g + begin, m + begin, v + begin, end - begin, scalars);
  });
  const double rms = std::sqrt(ratio / static_cast<double>(count));
  const double rate = step.learning_rate / std::max(1.0, rms);
  const double decay =
      step.weight_decay == 0 ? 1.0 : 1.0 - rate / step.max_learning_rate * step.weight_decay;
  cpu::parallel_ranges(count, cpu::kFlatGrain, [&](int64_t begin, int64_t end) {
    cpu::kernels().adam_update(w + begin, m + begin, v + begin, end - begin,
                               static_cast<float>(decay), static_cast<float>(rate),
                               scalars.epsilon);
  });
  return rms;
}

torch::Tensor scalar(double value) { return torch::scalar_tensor(value, torch::kFloat64); }

}  // namespace

torch::Tensor stable_adamw_update(torch::Tensor& parameter, const torch::Tensor& gradient,
                                  torch::Tensor& exp_avg, torch::Tensor& exp_avg_sq,
                                  const StableAdamWStep& step) {
  const auto like = [&](const torch::Tensor& tensor) {
    return tensor.defined() && tensor.sizes() == parameter.sizes() &&
           tensor.scalar_type() == parameter.scalar_type();
  };
  constexpr const char* kOp = "stable_adamw_update";
  constexpr const char* kExpected = "the parameter's shape and type";
  require(like(gradient), kOp, "gradient", kExpected, gradient);
  require(like(exp_avg), kOp, "exp_avg", kExpected, exp_avg);
  require(like(exp_avg_sq), kOp, "exp_avg_sq", kExpected, exp_avg_sq);
  if (parameter.numel() == 0) return torch::zeros({}, parameter.options().dtype(torch::kFloat64));
  if (on_cpu_path(parameter) && parameter.is_contiguous() && exp_avg.is_contiguous() &&
      exp_avg_sq.is_contiguous()) {
    return scalar(update_cpu(parameter, gradient.contiguous(), exp_avg, exp_avg_sq, step));
  }
  return reference::stable_adamw_update(parameter, gradient, exp_avg, exp_avg_sq, step);
}

torch::Tensor global_norm(const std::vector<torch::Tensor>& tensors) {
  double total = 0;
  std::vector<torch::Tensor> others;
  for (const auto& tensor : tensors) {
    if (!tensor.defined()) continue;
    if (!on_cpu_path(tensor) || !tensor.is_contiguous()) {
      others.push_back(tensor);
      continue;
    }
    const float* values = tensor.const_data_ptr<float>();
    total += chunked_sum(tensor.numel(), [&](int64_t begin, int64_t end) {
      return cpu::kernels().sum_of_squares(values + begin, end - begin);
    });
  }
  if (others.empty()) return scalar(std::sqrt(total));
  return (reference::global_norm(others).square() + total).sqrt();
}

}  // namespace rexbert::ops
