#include <torch/library.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>
#include <optional>
#include <tuple>

// aten::_flash_attention_forward and _backward for the CPU, which LibTorch has for GPUs only: their
// contract in plain operations, so that what surrounds them can be tested without a GPU.
namespace rexbert::ops {
namespace {

using MaybeTensor = std::optional<torch::Tensor>;
using MaybeInt = std::optional<c10::SymInt>;

struct Span {
  int64_t begin;
  int64_t end;
};

std::vector<Span> spans_of(const torch::Tensor& offsets_S1, const c10::SymInt& longest) {
  std::vector<Span> spans;
  for (int64_t s = 0; s + 1 < offsets_S1.size(0); ++s) {
    spans.push_back({offsets_S1[s].item<int64_t>(), offsets_S1[s + 1].item<int64_t>()});
    const int64_t length = spans.back().end - spans.back().begin;
    TORCH_CHECK(length <= longest.expect_int(), "a sequence of ", length, " is not announced");
  }
  return spans;
}

// One sequence, heads first, in float32.
torch::Tensor part(const torch::Tensor& x_TNH, const Span& span) {
  return x_TNH.slice(0, span.begin, span.end).transpose(0, 1).to(torch::kFloat32);
}

torch::Tensor scores(const torch::Tensor& q_NtH, const torch::Tensor& k_NtH, MaybeInt left,
                     MaybeInt right) {
  auto scores_Ntt =
      q_NtH.matmul(k_NtH.transpose(1, 2)) / std::sqrt(static_cast<double>(q_NtH.size(2)));
  const auto index = torch::arange(q_NtH.size(1));
  const auto ahead = index.unsqueeze(0) - index.unsqueeze(1);  // key less query
  const auto hide = [&](const torch::Tensor& where) {
    scores_Ntt.masked_fill_(where, -std::numeric_limits<double>::infinity());
  };
  if (left->expect_int() >= 0) hide(ahead < -left->expect_int());
  if (right->expect_int() >= 0) hide(ahead > right->expect_int());
  return scores_Ntt;
}

std::tuple<torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor>
plain_flash_forward(const torch::Tensor& q_TNH, const torch::Tensor& k_TNH,
                    const torch::Tensor& v_TNH, const MaybeTensor& offsets_q,
                    const MaybeTensor& offsets_k, c10::SymInt longest_q, c10::SymInt longest_k,
                    double dropout, bool causal, bool, std::optional<double> scale, MaybeInt left,
                    MaybeInt right, const MaybeTensor& used_k, const MaybeTensor& slopes) {
  TORCH_CHECK(dropout == 0 && !causal && !scale && !used_k && !slopes && longest_q == longest_k &&
                  offsets_q->equal(*offsets_k),
              "not self-attention as the model has it");
  auto out_TNH = torch::empty(q_TNH.sizes(), q_TNH.options());
  auto lse_NT = torch::empty({q_TNH.size(1), q_TNH.size(0)}, torch::kFloat32);
  for (const Span& span : spans_of(*offsets_q, longest_q)) {
    const auto scores_Ntt = scores(part(q_TNH, span), part(k_TNH, span), left, right);
    lse_NT.slice(1, span.begin, span.end).copy_(scores_Ntt.logsumexp(-1));
    // The kernel multiplies probabilities in the values' type.
    const auto shares_Ntt = scores_Ntt.softmax(-1).to(v_TNH.scalar_type()).to(torch::kFloat32);
    out_TNH.slice(0, span.begin, span.end)
        .copy_(shares_Ntt.matmul(part(v_TNH, span)).transpose(0, 1));
  }
  return {out_TNH, lse_NT, torch::empty({2}, torch::kInt64), torch::empty({0}, torch::kInt64),
          torch::empty({0}, q_TNH.options())};
}

std::tuple<torch::Tensor, torch::Tensor, torch::Tensor> plain_flash_backward(
    const torch::Tensor& grad_out, const torch::Tensor& q_TNH, const torch::Tensor& k_TNH,
    const torch::Tensor& v_TNH, const torch::Tensor& out_TNH, const torch::Tensor& lse_NT,
    const torch::Tensor& offsets_q, const torch::Tensor&, c10::SymInt longest_q, c10::SymInt,
    double, bool, const torch::Tensor&, const torch::Tensor&, std::optional<double>, MaybeInt left,
    MaybeInt right) {
  auto grad_q = torch::empty(q_TNH.sizes(), q_TNH.options());
  auto grad_k = torch::empty_like(grad_q);
  auto grad_v = torch::empty_like(grad_q);
  const double scale = 1.0 / std::sqrt(static_cast<double>(q_TNH.size(2)));
  for (const Span& span : spans_of(offsets_q, longest_q)) {
    const auto q = part(q_TNH, span);
    const auto k = part(k_TNH, span);
    const auto grad = part(grad_out, span);
    const auto lse_Nt1 = lse_NT.slice(1, span.begin, span.end).unsqueeze(2);
    const auto shares_Ntt = (scores(q, k, left, right) - lse_Nt1).exp();
    const auto mean_Nt1 = (grad * part(out_TNH, span)).sum(-1, /*keepdim=*/true);
    const auto grad_scores_Ntt =
        shares_Ntt * (grad.matmul(part(v_TNH, span).transpose(1, 2)) - mean_Nt1) * scale;
    const auto store = [&](const torch::Tensor& to, const torch::Tensor& from_NtH) {
      to.slice(0, span.begin, span.end).copy_(from_NtH.transpose(0, 1));
    };
    store(grad_q, grad_scores_Ntt.matmul(k));
    store(grad_k, grad_scores_Ntt.transpose(1, 2).matmul(q));
    store(grad_v, shares_Ntt.transpose(1, 2).matmul(grad));
  }
  return {grad_q, grad_k, grad_v};
}

TORCH_LIBRARY_IMPL(aten, CPU, library) {
  library.impl("_flash_attention_forward", plain_flash_forward);
  library.impl("_flash_attention_backward", plain_flash_backward);
}

}  // namespace
}  // namespace rexbert::ops
