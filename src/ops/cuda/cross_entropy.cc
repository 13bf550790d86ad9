#include <algorithm>

#include "ops/cuda/ops.h"
#include "rexbert/core/error.h"

namespace rexbert::ops::cuda {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The float32 logits of this many rows exist at once: 0.4 GB for a vocabulary of 50,368.
constexpr int64_t kChunkRows = 2048;

c10::ScalarType sum_type(const torch::Tensor& like) {
  return torch::promote_types(like.scalar_type(), torch::kFloat32);
}

// a b with sums and result in sum_type.
torch::Tensor product(const torch::Tensor& a, const torch::Tensor& b) {
  const auto type = sum_type(a);
  if (a.scalar_type() == type) return a.mm(b);
  if (a.is_cuda()) return at::mm(a, b, type);
  return a.to(type).mm(b.to(type));  // the CPU multiplies within one type only
}

struct Head {
  torch::Tensor hidden_MD;
  torch::Tensor weight_VD;
  torch::Tensor bias_V;
  torch::Tensor targets_M;
};

// Some rows of the head: their logits, and what the loss is made of.
struct Chunk {
  Chunk(const Head& head, int64_t first, int64_t rows)
      : hidden_RD(head.hidden_MD.narrow(0, first, rows)),
        target_R1(head.targets_M.narrow(0, first, rows).to(torch::kInt64).unsqueeze(1)),
        logits_RV(product(hidden_RD, head.weight_VD.t()).add_(head.bias_V)),
        lse_R1(logits_RV.logsumexp(1, /*keepdim=*/true)),
        goal_R1(logits_RV.gather(1, target_R1)) {}

  torch::Tensor loss_R1() const { return lse_R1 - goal_R1; }
  // In place of the logits: softmax less one at the target.
  const torch::Tensor& turn_into_gradient() {
    logits_RV.sub_(lse_R1).exp_();
    return logits_RV.scatter_(1, target_R1, logits_RV.gather(1, target_R1) - 1);
  }

  torch::Tensor hidden_RD;
  torch::Tensor target_R1;
  torch::Tensor logits_RV;
  torch::Tensor lse_R1;
  torch::Tensor goal_R1;
};

template <class Visit>
void for_each_chunk(const Head& head, const Visit& visit) {
  const int64_t rows = head.hidden_MD.size(0);
  for (int64_t first = 0; first < rows; first += kChunkRows) {
    const int64_t count = std::min(kChunkRows, rows - first);
    Chunk chunk(head, first, count);
    visit(chunk, first, count);
  }
}

// Gradients of the summed loss; those that sum over rows are of sum_type.
struct Gradients {
  explicit Gradients(const Head& head)
      : hidden_MD(torch::empty_like(head.hidden_MD)),
        weight_VD(torch::zeros_like(head.weight_VD, sum_type(head.weight_VD))),
        bias_V(torch::zeros_like(head.bias_V, sum_type(head.bias_V))) {}

  void add(const Head& head, Chunk& chunk, int64_t first, int64_t rows) {
    const auto& exact_RV = chunk.turn_into_gradient();
    bias_V.add_(exact_RV.sum(0));
    const auto gradient_RV = exact_RV.to(head.hidden_MD.scalar_type());
    auto grad_hidden_RD = hidden_MD.narrow(0, first, rows);
    at::mm_out(grad_hidden_RD, gradient_RV, head.weight_VD);
    weight_VD.add_(product(gradient_RV.t(), chunk.hidden_RD));
  }

  torch::Tensor hidden_MD;
  torch::Tensor weight_VD;
  torch::Tensor bias_V;
};

class LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor hidden_MD,
                               torch::Tensor weight_VD, torch::Tensor bias_V,
                               torch::Tensor targets_M, bool with_gradient) {
    const Head head{hidden_MD, weight_VD, bias_V, targets_M};
    std::optional<Gradients> gradients;
    if (with_gradient) gradients.emplace(head);
    const auto loss = torch::zeros({}, hidden_MD.options().dtype(torch::kFloat64));
    for_each_chunk(head, [&](Chunk& chunk, int64_t first, int64_t rows) {
      loss.add_(chunk.loss_R1().sum(torch::kFloat64));
      if (gradients) gradients->add(head, chunk, first, rows);
    });
    if (gradients) {
      context->saved_data["hidden"] = gradients->hidden_MD;
      context->saved_data["weight"] = gradients->weight_VD;
      context->saved_data["bias"] = gradients->bias_V;
    }
    return loss.to(sum_type(hidden_MD));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    auto& data = context->saved_data;
    if (data.empty()) {
      throw Error(ErrorCode::kUsage,
                  "linear_cross_entropy: backward() ran before; expected it to run once");
    }
    const auto type = data.at("hidden").toTensor().scalar_type();
    const auto take = [&](const char* name) {
      return data.at(name).toTensor().mul_(gradients[0]).to(type);
    };
    variable_list result{take("hidden"), take("weight"), take("bias"), {}, {}};
    data.clear();
    return result;
  }
};

}  // namespace

torch::Tensor linear_cross_entropy(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                                   const torch::Tensor& bias_V, const torch::Tensor& targets_M) {
  const bool with_gradient =
      torch::GradMode::is_enabled() &&
      (hidden_MD.requires_grad() || weight_VD.requires_grad() || bias_V.requires_grad());
  return LinearCrossEntropy::apply(hidden_MD, weight_VD, bias_V, targets_M.to(hidden_MD.device()),
                                   with_gradient);
}

TokenScores score_tokens(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                         const torch::Tensor& bias_V, const torch::Tensor& targets_M) {
  const torch::NoGradGuard no_grad;
  const Head head{hidden_MD, weight_VD, bias_V, targets_M.to(hidden_MD.device())};
  const auto options = hidden_MD.options();
  TokenScores scores{torch::empty({hidden_MD.size(0)}, options.dtype(torch::kFloat32)),
                     torch::empty({hidden_MD.size(0)}, options.dtype(torch::kInt64))};
  for_each_chunk(head, [&](const Chunk& chunk, int64_t first, int64_t rows) {
    scores.loss_M.narrow(0, first, rows).copy_(chunk.loss_R1().squeeze(1));
    scores.above_M.narrow(0, first, rows).copy_((chunk.logits_RV > chunk.goal_R1).sum(1));
  });
  return scores;
}

}  // namespace rexbert::ops::cuda
