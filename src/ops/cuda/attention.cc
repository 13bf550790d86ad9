#include <optional>

#include "ops/cuda/ops.h"

namespace rexbert::ops::cuda {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kLargestHeadDim = 256;

// The rotary table's rows of each token, [T, 1, H / 2].
struct Rotation {
  torch::Tensor cos_T1H;
  torch::Tensor sin_T1H;

  Rotation inverse() const { return {cos_T1H, sin_T1H.neg()}; }
};

// out = R(x). The table is float32, and so are the products.
void rotate_into(const torch::Tensor& out_TNH, const torch::Tensor& x_TNH, const Rotation& by) {
  const int64_t half = x_TNH.size(2) / 2;
  const auto first = x_TNH.narrow(2, 0, half);
  const auto second = x_TNH.narrow(2, half, half);
  auto out_first = out_TNH.narrow(2, 0, half);
  auto out_second = out_TNH.narrow(2, half, half);
  at::sub_out(out_first, first * by.cos_T1H, second * by.sin_T1H);
  at::add_out(out_second, second * by.cos_T1H, first * by.sin_T1H);
}

class FlashAttention : public torch::autograd::Function<FlashAttention> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor qkv_T3NH,
                               torch::Tensor cos_T1H, torch::Tensor sin_T1H,
                               torch::Tensor offsets_S1, int64_t window, int64_t longest) {
    const Rotation rotation{cos_T1H, sin_T1H};
    // All three in one tensor: qkv itself need not be kept for the backward pass.
    const auto rotated_T3NH = torch::empty(qkv_T3NH.sizes(), qkv_T3NH.options());
    rotate_into(rotated_T3NH.select(1, 0), qkv_T3NH.select(1, 0), rotation);
    rotate_into(rotated_T3NH.select(1, 1), qkv_T3NH.select(1, 1), rotation);
    rotated_T3NH.select(1, 2).copy_(qkv_T3NH.select(1, 2));
    const auto [out_TNH, lse_NT, rng_state, unused, debug_mask] = at::_flash_attention_forward(
        rotated_T3NH.select(1, 0), rotated_T3NH.select(1, 1), rotated_T3NH.select(1, 2), offsets_S1,
        offsets_S1, longest, longest, /*dropout_p=*/0.0, /*is_causal=*/false,
        /*return_debug_mask=*/false, /*scale=*/std::nullopt, window, window);
    context->save_for_backward(
        {rotated_T3NH, cos_T1H, sin_T1H, offsets_S1, out_TNH, lse_NT, rng_state, unused});
    context->saved_data["window"] = window;
    context->saved_data["longest"] = longest;
    return out_TNH;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& rotated_T3NH = saved[0];
    const auto& offsets_S1 = saved[3];
    const int64_t window = context->saved_data["window"].toInt();
    const int64_t longest = context->saved_data["longest"].toInt();
    const auto [grad_q, grad_k, grad_v] = at::_flash_attention_backward(
        gradients[0].contiguous(), rotated_T3NH.select(1, 0), rotated_T3NH.select(1, 1),
        rotated_T3NH.select(1, 2), saved[4], saved[5], offsets_S1, offsets_S1, longest, longest,
        /*dropout_p=*/0.0, /*is_causal=*/false, saved[6], saved[7], /*scale=*/std::nullopt, window,
        window);
    // R is orthogonal: its transpose, which gradients go through, is its inverse.
    const Rotation back = Rotation{saved[1], saved[2]}.inverse();
    const auto grad_qkv_T3NH = torch::empty_like(rotated_T3NH);
    rotate_into(grad_qkv_T3NH.select(1, 0), grad_q, back);
    rotate_into(grad_qkv_T3NH.select(1, 1), grad_k, back);
    grad_qkv_T3NH.select(1, 2).copy_(grad_v);
    return {grad_qkv_T3NH, {}, {}, {}, {}, {}};
  }
};

}  // namespace

bool has_flash_attention(const torch::Tensor& qkv_T3NH) {
  const auto type = qkv_T3NH.scalar_type();
  return (type == torch::kBFloat16 || type == torch::kFloat16) && qkv_T3NH.size(3) % 8 == 0 &&
         qkv_T3NH.size(3) <= kLargestHeadDim;
}

torch::Tensor attention(const torch::Tensor& qkv_T3NH, const RopeTable& rope,
                        const torch::Tensor& positions_T, const torch::Tensor& offsets_S1,
                        int64_t window, int64_t longest) {
  if (qkv_T3NH.size(0) == 0) return qkv_T3NH.select(1, 2).clone();
  const auto rows = [&](const torch::Tensor& table_PH) {
    return table_PH.to(qkv_T3NH.device())
        .index_select(0, positions_T.to(qkv_T3NH.device()))
        .unsqueeze(1);
  };
  return FlashAttention::apply(qkv_T3NH, rows(rope.cos_PH), rows(rope.sin_PH),
                               offsets_S1.to(qkv_T3NH.device()),
                               window < longest ? window : kGlobalAttention, longest);
}

}  // namespace rexbert::ops::cuda
