#include "rexbert/ops/reference.h"

#include <cmath>
#include <limits>

#include "rexbert/core/philox.h"

namespace rexbert::ops::reference {
namespace {

// Chains of operations take 16-bit numbers as float32 and round once at their end.
torch::Tensor wide(const torch::Tensor& x) {
  return x.to(torch::promote_types(x.scalar_type(), torch::kFloat32));
}

}  // namespace

torch::Tensor rotate(const torch::Tensor& x_TNH, const RopeTable& rope,
                     const torch::Tensor& positions_T) {
  const auto positions = positions_T.to(x_TNH.device());
  const auto cos_T1H = rope.cos_PH.to(x_TNH).index_select(0, positions).unsqueeze(1);
  const auto sin_T1H = rope.sin_PH.to(x_TNH).index_select(0, positions).unsqueeze(1);
  const auto halves = x_TNH.chunk(2, -1);
  return torch::cat(
      {halves[0] * cos_T1H - halves[1] * sin_T1H, halves[1] * cos_T1H + halves[0] * sin_T1H}, -1);
}

torch::Tensor attention(const torch::Tensor& packed_T3NH, const RopeTable& rope,
                        const torch::Tensor& positions_T, const torch::Tensor& offsets_S1,
                        int64_t window) {
  const auto qkv_T3NH = wide(packed_T3NH);
  const auto q_TNH = rotate(qkv_T3NH.select(1, 0), rope, positions_T);
  const auto k_TNH = rotate(qkv_T3NH.select(1, 1), rope, positions_T);
  const auto v_TNH = qkv_T3NH.select(1, 2);
  const double scale = 1.0 / std::sqrt(static_cast<double>(qkv_T3NH.size(3)));
  const auto offsets = offsets_S1.cpu();
  std::vector<torch::Tensor> parts;
  for (int64_t s = 0; s + 1 < offsets.size(0); ++s) {
    const int64_t begin = offsets[s].item<int64_t>();
    const int64_t end = offsets[s + 1].item<int64_t>();
    const auto part = [&](const torch::Tensor& x) {
      return x.slice(0, begin, end).transpose(0, 1);
    };
    auto scores_Ntt = part(q_TNH).matmul(part(k_TNH).transpose(1, 2)) * scale;
    if (window >= 0) {
      const auto index = torch::arange(end - begin, qkv_T3NH.device());
      const auto outside = (index.unsqueeze(0) - index.unsqueeze(1)).abs() > window;
      scores_Ntt = scores_Ntt.masked_fill(outside, -std::numeric_limits<double>::infinity());
    }
    parts.push_back(scores_Ntt.softmax(-1).matmul(part(v_TNH)).transpose(0, 1));
  }
  return (parts.empty() ? v_TNH.clone() : torch::cat(parts)).to(packed_T3NH.scalar_type());
}

torch::Tensor layer_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps) {
  return torch::layer_norm(wide(x_TD), {x_TD.size(1)}, wide(weight_D), {}, eps)
      .to(x_TD.scalar_type());
}

torch::Tensor embedding_norm(const torch::Tensor& weight_VD, const torch::Tensor& norm_D,
                             const torch::Tensor& tokens_T, double eps) {
  return reference::layer_norm(torch::embedding(weight_VD, tokens_T), norm_D, eps);
}

torch::Tensor geglu(const torch::Tensor& x_T2I) {
  const auto halves = x_T2I.chunk(2, -1);
  return torch::gelu(halves[0]) * halves[1];
}

torch::Tensor dropout_add(const torch::Tensor& residual_TD, const torch::Tensor& x_TD,
                          const torch::Tensor& rows_T, const torch::Tensor& tokens_T, double p,
                          const DropoutKey& key) {
  const int64_t columns = x_TD.size(1);
  const int64_t quarter = (columns + 3) / 4;
  const auto threshold = static_cast<uint32_t>(p * 0x1p32);
  const PhiloxKey philox_key =
      KeyedRng(key.seed, Purpose::kDropout, static_cast<uint64_t>(key.step)).key();
  const auto rows = rows_T.cpu();
  const auto tokens = tokens_T.cpu();
  auto keep_TD = torch::empty({x_TD.size(0), columns}, torch::kFloat64);
  auto keep = keep_TD.accessor<double, 2>();
  for (int64_t t = 0; t < x_TD.size(0); ++t) {
    for (int64_t c = 0; c < columns; ++c) {
      const auto words =
          philox4x32({static_cast<uint32_t>(c % quarter), tokens[t].item().to<uint32_t>(),
                      rows[t].item().to<uint32_t>(), static_cast<uint32_t>(key.layer)},
                     philox_key);
      keep[t][c] = words[static_cast<size_t>(c / quarter)] >= threshold ? 1.0 / (1.0 - p) : 0.0;
    }
  }
  return (residual_TD + wide(x_TD) * keep_TD.to(wide(x_TD))).to(x_TD.scalar_type());
}

namespace {

torch::Tensor logits(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                     const torch::Tensor& bias_V) {
  return wide(hidden_MD).matmul(wide(weight_VD).t()) + wide(bias_V);
}

}  // namespace

torch::Tensor linear_cross_entropy(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                                   const torch::Tensor& bias_V, const torch::Tensor& targets_M) {
  return torch::cross_entropy_loss(logits(hidden_MD, weight_VD, bias_V),
                                   targets_M.to(torch::kInt64), {}, at::Reduction::Sum);
}

TokenScores score_tokens(const torch::Tensor& hidden_MD, const torch::Tensor& weight_VD,
                         const torch::Tensor& bias_V, const torch::Tensor& targets_M) {
  torch::NoGradGuard no_grad;
  const auto logits_MV = logits(hidden_MD, weight_VD, bias_V);
  const auto target_M1 = targets_M.to(torch::kInt64).unsqueeze(1);
  const auto goal_M1 = logits_MV.gather(1, target_M1);
  return {(logits_MV.logsumexp(1) - goal_M1.squeeze(1)).to(torch::kFloat32),
          (logits_MV > goal_M1).sum(1)};
}

torch::Tensor stable_adamw_update(torch::Tensor& parameter, const torch::Tensor& gradient,
                                  torch::Tensor& exp_avg, torch::Tensor& exp_avg_sq,
                                  const StableAdamWStep& step) {
  torch::NoGradGuard no_grad;
  exp_avg.lerp_(gradient, 1.0 - step.beta1_hat);
  exp_avg_sq.mul_(step.beta2_hat).addcmul_(gradient, gradient, 1.0 - step.beta2_hat);
  const auto rms = gradient.square()
                       .div_(exp_avg_sq.clamp_min(step.epsilon * step.epsilon))
                       .mean(torch::kFloat64)
                       .sqrt();
  // Tensors of one number: a GPU goes on without the host.
  const auto rate = step.learning_rate / rms.clamp_min(1.0);
  if (step.weight_decay != 0) {
    parameter.mul_(1.0 - rate * (step.weight_decay / step.max_learning_rate));
  }
  parameter.sub_(exp_avg.div(exp_avg_sq.sqrt().add_(step.epsilon)).mul_(rate));
  return rms;
}

torch::Tensor global_norm(const std::vector<torch::Tensor>& tensors) {
  std::vector<torch::Tensor> norms;
  for (const auto& tensor : tensors) {
    if (!tensor.defined()) continue;
    norms.push_back(at::linalg_vector_norm(tensor.detach(), 2, {}, false, torch::kFloat64));
  }
  if (norms.empty()) return torch::zeros({}, torch::kFloat64);
  return at::linalg_vector_norm(torch::stack(norms));
}

}  // namespace rexbert::ops::reference
