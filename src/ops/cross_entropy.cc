#include "rexbert/ops/cross_entropy.h"

#include <cmath>
#include <vector>

#include "ops/checks.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/parallel.h"
#include "ops/cuda/ops.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// A chunk's exponentials stay in memory until its part of the weight's gradient is done; a block of
// its columns, and the weights of that block, stay in cache between the products that use them.
constexpr int64_t kChunkRows = 256;
constexpr int64_t kBlockColumns = 2048;
constexpr int64_t kScoreRows = 64;

struct Head {
  torch::Tensor hidden_MD;
  torch::Tensor weight_VD;
  torch::Tensor bias_V;
  torch::Tensor targets_M;

  int64_t vocabulary() const { return weight_VD.size(0); }
  int64_t blocks() const { return (vocabulary() + kBlockColumns - 1) / kBlockColumns; }
  int64_t width(int64_t block) const {
    return std::min(kBlockColumns, vocabulary() - block * kBlockColumns);
  }
  torch::Tensor weight_block(int64_t block) const {
    return weight_VD.narrow(0, block * kBlockColumns, width(block));
  }
};

// Gradients of the summed loss.
struct Gradients {
  torch::Tensor hidden_MD;
  torch::Tensor weight_VD;
  torch::Tensor bias_V;
};

// One chunk of rows on its way over the blocks of the vocabulary.
class Chunk {
 public:
  // `exponentials` is scratch for kChunkRows x vocabulary floats.
  Chunk(const Head& head, int64_t first, int64_t rows, const torch::Tensor& exponentials)
      : head_(head),
        first_(first),
        rows_(rows),
        hidden_(head.hidden_MD.narrow(0, first, rows)),
        exponentials_(exponentials),
        maximum_(static_cast<size_t>(rows), -std::numeric_limits<float>::infinity()),
        sum_(static_cast<size_t>(rows), 0.0f),
        target_logit_(static_cast<size_t>(rows), 0.0f),
        block_maximum_(static_cast<size_t>(rows * head.blocks())) {}

  // Exponentials of every block; the unnormalized gradient of hidden where `grad_hidden` is
  // defined. Returns the chunk's loss.
  double forward(torch::Tensor grad_hidden) {
    for (int64_t b = 0; b < head_.blocks(); ++b) {
      auto exponentials = block(b);
      at::mm_out(exponentials, hidden_, head_.weight_block(b).t());
      exponentiate(b, exponentials.data_ptr<float>(), grad_hidden);
      if (!grad_hidden.defined()) continue;
      if (b == 0) {
        at::mm_out(grad_hidden, exponentials, head_.weight_block(b));
      } else {
        at::addmm_out(grad_hidden, grad_hidden, exponentials, head_.weight_block(b));
      }
    }
    double loss = 0;
    for (size_t r = 0; r < static_cast<size_t>(rows_); ++r)
      loss += static_cast<double>(log_sum_exp(r)) - static_cast<double>(target_logit_[r]);
    return loss;
  }

  // Turns the unnormalized gradient of hidden into the gradient and adds the chunk's share to the
  // gradients of weight and bias.
  void backward(Gradients& gradients) {
    finish_hidden(gradients.hidden_MD);
    const auto weights = torch::empty({rows_, 1}, hidden_.options());
    auto scaled_hidden = torch::empty_like(hidden_);
    for (int64_t b = 0; b < head_.blocks(); ++b) {
      float* weight = weights.data_ptr<float>();
      for (int64_t r = 0; r < rows_; ++r) {
        const auto row = static_cast<size_t>(r);
        weight[r] =
            std::exp(block_maximum_[static_cast<size_t>(b * rows_) + row] - log_sum_exp(row));
      }
      at::mul_out(scaled_hidden, hidden_, weights);
      const auto exponentials = block(b);
      add_bias_gradient(b, exponentials.const_data_ptr<float>(), weight, gradients.bias_V);
      auto grad_weight = gradients.weight_VD.narrow(0, b * kBlockColumns, head_.width(b));
      if (first_ == 0) {
        at::mm_out(grad_weight, exponentials.t(), scaled_hidden);
      } else {
        at::addmm_out(grad_weight, grad_weight, exponentials.t(), scaled_hidden);
      }
    }
    subtract_targets(gradients);
  }

 private:
  torch::Tensor block(int64_t b) const {
    return exponentials_.narrow(0, b * kBlockColumns * rows_, head_.width(b) * rows_)
        .view({rows_, head_.width(b)});
  }

  int64_t target(int64_t row) const {
    return head_.targets_M.const_data_ptr<int32_t>()[first_ + row];
  }

  float log_sum_exp(size_t row) const { return maximum_[row] + std::log(sum_[row]); }

  void exponentiate(int64_t b, float* logits, torch::Tensor& grad_hidden) {
    const int64_t width = head_.width(b);
    const int64_t columns = hidden_.size(1);
    const float* bias = head_.bias_V.const_data_ptr<float>() + b * kBlockColumns;
    float* gradient = grad_hidden.defined() && b > 0 ? grad_hidden.data_ptr<float>() : nullptr;
    cpu::parallel_ranges(rows_, 8, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const auto row = static_cast<size_t>(r);
        const int64_t column = target(r) - b * kBlockColumns;
        if (column >= 0 && column < width)
          target_logit_[row] = logits[r * width + column] + bias[column];
        const float factor = cpu::kernels().softmax_block(logits + r * width, bias, width,
                                                          &maximum_[row], &sum_[row]);
        block_maximum_[static_cast<size_t>(b * rows_ + r)] = maximum_[row];
        if (gradient != nullptr && factor != 1.0f)
          cpu::kernels().scale(gradient + r * columns, factor, columns);
      }
    });
  }

  void finish_hidden(torch::Tensor& grad_hidden_MD) {
    const int64_t columns = hidden_.size(1);
    float* gradient = grad_hidden_MD.data_ptr<float>() + first_ * columns;
    const float* weight = head_.weight_VD.const_data_ptr<float>();
    for (int64_t r = 0; r < rows_; ++r) {
      const float factor = 1.0f / sum_[static_cast<size_t>(r)];
      for (int64_t c = 0; c < columns; ++c)
        gradient[r * columns + c] =
            gradient[r * columns + c] * factor - weight[target(r) * columns + c];
    }
  }

  void add_bias_gradient(int64_t b, const float* exponentials, const float* weight,
                         torch::Tensor& grad_bias_V) {
    const int64_t width = head_.width(b);
    float* gradient = grad_bias_V.data_ptr<float>() + b * kBlockColumns;
    cpu::parallel_ranges(width, 256, [&](int64_t begin, int64_t end) {
      cpu::kernels().weighted_column_sum(exponentials + begin, width, weight, rows_, end - begin,
                                         gradient + begin);
    });
  }

  void subtract_targets(Gradients& gradients) {
    const int64_t columns = hidden_.size(1);
    float* grad_weight = gradients.weight_VD.data_ptr<float>();
    float* grad_bias = gradients.bias_V.data_ptr<float>();
    const float* hidden = hidden_.const_data_ptr<float>();
    for (int64_t r = 0; r < rows_; ++r) {
      grad_bias[target(r)] -= 1.0f;
      for (int64_t c = 0; c < columns; ++c)
        grad_weight[target(r) * columns + c] -= hidden[r * columns + c];
    }
  }

  const Head& head_;
  int64_t first_;
  int64_t rows_;
  torch::Tensor hidden_;
  torch::Tensor exponentials_;
  std::vector<float> maximum_;  // running over the blocks, as in an online softmax
  std::vector<float> sum_;
  std::vector<float> target_logit_;
  std::vector<float> block_maximum_;  // the running maximum that a block's exponentials refer to
};

double loss_cpu(const Head& head, Gradients* gradients) {
  const int64_t rows = head.hidden_MD.size(0);
  const auto exponentials =
      torch::empty({std::min(kChunkRows, rows) * head.vocabulary()}, torch::kFloat32);
  double loss = 0;
  for (int64_t first = 0; first < rows; first += kChunkRows) {
    const int64_t count = std::min(kChunkRows, rows - first);
    Chunk chunk(head, first, count, exponentials);
    torch::Tensor grad_hidden;
    if (gradients != nullptr) grad_hidden = gradients->hidden_MD.narrow(0, first, count);
    loss += chunk.forward(grad_hidden);
    if (gradients != nullptr) chunk.backward(*gradients);
  }
  return loss;
}

class LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor hidden_MD,
                               torch::Tensor weight_VD, torch::Tensor bias_V,
                               torch::Tensor targets_M, bool with_gradient) {
    const Head head{hidden_MD.contiguous(), weight_VD.contiguous(), bias_V.contiguous(),
                    targets_M.contiguous()};
    if (!with_gradient) {
      return torch::scalar_tensor(loss_cpu(head, nullptr), hidden_MD.options());
    }
    // Without rows nothing is written to the weight's gradient.
    const bool empty = hidden_MD.size(0) == 0;
    Gradients gradients{
        torch::empty_like(head.hidden_MD),
        empty ? torch::zeros_like(head.weight_VD) : torch::empty_like(head.weight_VD),
        torch::zeros_like(head.bias_V)};
    const double loss = loss_cpu(head, &gradients);
    context->saved_data["hidden"] = gradients.hidden_MD;
    context->saved_data["weight"] = gradients.weight_VD;
    context->saved_data["bias"] = gradients.bias_V;
    return torch::scalar_tensor(loss, hidden_MD.options());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto& data = context->saved_data;
    if (data.empty()) {
      throw Error(ErrorCode::kUsage,
                  "linear_cross_entropy: backward() ran before; expected it to run once");
    }
    const auto factor = gradients[0].item<float>();
    const auto take = [&](const char* name) {
      auto tensor = data.at(name).toTensor();
      float* values = tensor.data_ptr<float>();
      cpu::parallel_ranges(factor == 1.0f ? 0 : tensor.numel(), cpu::kFlatGrain,
                           [&](int64_t begin, int64_t end) {
                             cpu::kernels().scale(values + begin, factor, end - begin);
                           });
      return tensor;
    };
    variable_list result{take("hidden"), take("weight"), take("bias"), {}, {}};
    data.clear();
    return result;
  }
};

void check(const char* op, const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
           const torch::Tensor& bias_V, const torch::Tensor& targets_M) {
  require(is_matrix(hidden_MD), op, "hidden", "a floating matrix", hidden_MD);
  require(is_matrix(weight_VD) && weight_VD.size(1) == hidden_MD.size(1) &&
              weight_VD.scalar_type() == hidden_MD.scalar_type(),
          op, "weight", "a matrix of hidden's type and columns", weight_VD);
  require(is_vector(bias_V, weight_VD.size(0), weight_VD.scalar_type()), op, "bias",
          "one number for each row of the weight", bias_V);
  require(is_vector(targets_M, hidden_MD.size(0), torch::kInt32), op, "targets",
          "int32, one for each row of hidden", targets_M);
  if (!targets_M.is_cpu()) return;  // to look at them is to wait for the GPU
  const auto targets = targets_M.contiguous();
  const int32_t* target = targets.const_data_ptr<int32_t>();
  for (int64_t m = 0; m < targets.size(0); ++m) {
    if (target[m] >= 0 && target[m] < weight_VD.size(0)) continue;
    throw Error(ErrorCode::kUsage, str_cat(op, ": targets[", m, "]: expected an id from 0 to ",
                                           weight_VD.size(0) - 1, ", got ", target[m]));
  }
}

TokenScores score_cpu(const Head& head) {
  const int64_t rows = head.hidden_MD.size(0);
  const int64_t vocabulary = head.vocabulary();
  TokenScores scores{torch::empty({rows}, torch::kFloat32), torch::empty({rows}, torch::kInt64)};
  auto logits = torch::empty({std::min(kScoreRows, rows), vocabulary}, torch::kFloat32);
  const float* bias = head.bias_V.const_data_ptr<float>();
  const int32_t* targets = head.targets_M.const_data_ptr<int32_t>();
  float* loss = scores.loss_M.data_ptr<float>();
  int64_t* above = scores.above_M.data_ptr<int64_t>();
  for (int64_t first = 0; first < rows; first += kScoreRows) {
    const int64_t count = std::min(kScoreRows, rows - first);
    auto chunk = logits.narrow(0, 0, count);
    at::mm_out(chunk, head.hidden_MD.narrow(0, first, count), head.weight_VD.t());
    const float* data = chunk.const_data_ptr<float>();
    cpu::parallel_tasks(count, [&](int64_t r, int) {
      float log_sum_exp = 0;
      float target_logit = 0;
      cpu::kernels().score_row(data + r * vocabulary, bias, vocabulary, targets[first + r],
                               &log_sum_exp, &target_logit, &above[first + r]);
      loss[first + r] = log_sum_exp - target_logit;
    });
  }
  return scores;
}

}  // namespace

torch::Tensor linear_cross_entropy(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                                   const torch::Tensor& bias_V, const torch::Tensor& targets_M) {
  check("linear_cross_entropy", hidden_MD, weight_VD, bias_V, targets_M);
  if (hidden_MD.is_cuda())
    return cuda::linear_cross_entropy(hidden_MD, weight_VD, bias_V, targets_M);
  if (!on_cpu_path(hidden_MD))
    return reference::linear_cross_entropy(hidden_MD, weight_VD, bias_V, targets_M);
  const bool with_gradient =
      torch::GradMode::is_enabled() &&
      (hidden_MD.requires_grad() || weight_VD.requires_grad() || bias_V.requires_grad());
  return LinearCrossEntropy::apply(hidden_MD, weight_VD, bias_V, targets_M, with_gradient);
}

TokenScores score_tokens(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                         const torch::Tensor& bias_V, const torch::Tensor& targets_M) {
  check("score_tokens", hidden_MD, weight_VD, bias_V, targets_M);
  if (hidden_MD.is_cuda()) return cuda::score_tokens(hidden_MD, weight_VD, bias_V, targets_M);
  if (!on_cpu_path(hidden_MD))
    return reference::score_tokens(hidden_MD, weight_VD, bias_V, targets_M);
  torch::NoGradGuard no_grad;
  return score_cpu({hidden_MD.contiguous(), weight_VD.contiguous(), bias_V.contiguous(),
                    targets_M.contiguous()});
}

}  // namespace rexbert::ops
