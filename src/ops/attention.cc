#include "rexbert/ops/attention.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "ops/checks.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/parallel.h"
#include "ops/cuda/ops.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {

RopeTable rope_table(int64_t positions, int64_t head_dim, double theta) {
  if (head_dim % 2 != 0 || !(theta > 0)) {
    throw Error(ErrorCode::kUsage,
                str_cat("rope_table: expected an even head dimension and theta above 0, got ",
                        head_dim, " and ", theta));
  }
  const auto exponents = torch::arange(0, head_dim, 2, torch::kInt64).to(torch::kFloat32) /
                         static_cast<double>(head_dim);
  const auto frequencies = 1.0 / torch::pow(theta, exponents);
  const auto angles_PH =
      torch::arange(positions, torch::kFloat32).unsqueeze(1) * frequencies.unsqueeze(0);
  return {angles_PH.cos(), angles_PH.sin()};
}

namespace {

using cpu::AttentionHead;

struct Packed {
  torch::Tensor qkv_T3NH;
  RopeTable rope;
  torch::Tensor positions_T;
  torch::Tensor offsets_S1;
  int64_t window;

  int64_t tokens() const { return qkv_T3NH.size(0); }
  int64_t heads() const { return qkv_T3NH.size(2); }
  int64_t head_dim() const { return qkv_T3NH.size(3); }
  int64_t sequences() const { return offsets_S1.size(0) - 1; }
  int64_t begin(int64_t sequence) const { return offsets_S1.const_data_ptr<int32_t>()[sequence]; }
  int64_t length(int64_t sequence) const { return begin(sequence + 1) - begin(sequence); }

  AttentionHead head(int64_t sequence, int64_t head) const {
    const int64_t first = begin(sequence);
    const int64_t part = heads() * head_dim();
    return {.qkv = qkv_T3NH.const_data_ptr<float>() + first * 3 * part + head * head_dim(),
            .token_stride = 3 * part,
            .part_stride = part,
            .positions = positions_T.const_data_ptr<int32_t>() + first,
            .cos = rope.cos_PH.const_data_ptr<float>(),
            .sin = rope.sin_PH.const_data_ptr<float>(),
            .length = length(sequence),
            .head_dim = head_dim(),
            .window = window,
            .scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(head_dim())))};
  }
};

struct Unit {
  int64_t sequence;
  int64_t head;
  int64_t begin;  // queries
  int64_t end;
};

// Where each sequence's packed keys begin, in floats per head.
std::vector<int64_t> packed_offsets(const Packed& batch) {
  std::vector<int64_t> offsets{0};
  for (int64_t s = 0; s < batch.sequences(); ++s)
    offsets.push_back(offsets.back() + cpu::packed_size(batch.length(s), batch.head_dim()));
  return offsets;
}

// All heads of all sequences, the longest first so that threads end together.
std::vector<Unit> whole_heads(const Packed& batch) {
  std::vector<int64_t> order(static_cast<size_t>(batch.sequences()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return batch.length(a) > batch.length(b); });
  std::vector<Unit> units;
  for (const int64_t s : order) {
    for (int64_t n = 0; n < batch.heads() && batch.length(s) > 0; ++n)
      units.push_back({s, n, 0, batch.length(s)});
  }
  return units;
}

std::vector<Unit> query_blocks(const Packed& batch) {
  const int64_t block = batch.window < 0 ? cpu::kGlobalQueryBlock : cpu::kLocalQueryBlock;
  std::vector<Unit> units;
  for (const Unit& head : whole_heads(batch)) {
    for (int64_t begin = 0; begin < head.end; begin += block)
      units.push_back({head.sequence, head.head, begin, std::min(begin + block, head.end)});
  }
  return units;
}

void forward_cpu(const Packed& batch, torch::Tensor& out_TNH, torch::Tensor& lse_TN) {
  const auto& kernels = cpu::kernels();
  const int64_t heads = batch.heads();
  const int64_t dim = batch.head_dim();
  const auto offsets = packed_offsets(batch);
  const auto keys_t = torch::empty({offsets.back() * heads}, torch::kFloat32);
  const auto values = torch::empty({offsets.back() * heads}, torch::kFloat32);
  const auto place = [&](const torch::Tensor& packed, const Unit& unit) {
    const auto s = static_cast<size_t>(unit.sequence);
    return packed.data_ptr<float>() + offsets[s] * heads +
           unit.head * (offsets[s + 1] - offsets[s]);
  };

  const auto heads_units = whole_heads(batch);
  cpu::parallel_tasks(static_cast<int64_t>(heads_units.size()), [&](int64_t i, int) {
    const Unit& unit = heads_units[static_cast<size_t>(i)];
    kernels.attention_pack(batch.head(unit.sequence, unit.head), place(keys_t, unit),
                           place(values, unit));
  });

  const auto units = query_blocks(batch);
  const int64_t scratch_size = cpu::attention_forward_scratch(dim);
  const auto scratch = torch::empty({cpu::max_threads(), scratch_size}, torch::kFloat32);
  float* scratch_data = scratch.data_ptr<float>();
  float* out = out_TNH.data_ptr<float>();
  float* lse = lse_TN.data_ptr<float>();
  cpu::parallel_tasks(static_cast<int64_t>(units.size()), [&](int64_t i, int thread) {
    const Unit& unit = units[static_cast<size_t>(i)];
    const int64_t first = batch.begin(unit.sequence);
    kernels.attention_forward(
        batch.head(unit.sequence, unit.head), place(keys_t, unit), place(values, unit), unit.begin,
        unit.end, out + (first * heads + unit.head) * dim, heads * dim,
        lse + first * heads + unit.head, heads, scratch_data + thread * scratch_size);
  });
}

void backward_cpu(const Packed& batch, const torch::Tensor& out_TNH, const torch::Tensor& lse_TN,
                  const torch::Tensor& grad_out_TNH, torch::Tensor& grad_qkv_T3NH) {
  const int64_t heads = batch.heads();
  const int64_t dim = batch.head_dim();
  const auto units = whole_heads(batch);
  if (units.empty()) return;
  const int64_t longest = units.front().end;
  const int64_t scratch_size = cpu::attention_backward_scratch(longest, dim);
  const auto scratch = torch::empty({cpu::max_threads(), scratch_size}, torch::kFloat32);
  float* scratch_data = scratch.data_ptr<float>();
  const float* out = out_TNH.const_data_ptr<float>();
  const float* grad_out = grad_out_TNH.const_data_ptr<float>();
  const float* lse = lse_TN.const_data_ptr<float>();
  float* grad_qkv = grad_qkv_T3NH.data_ptr<float>();
  cpu::parallel_tasks(static_cast<int64_t>(units.size()), [&](int64_t i, int thread) {
    const Unit& unit = units[static_cast<size_t>(i)];
    const int64_t first = batch.begin(unit.sequence);
    const int64_t at = (first * heads + unit.head) * dim;
    cpu::kernels().attention_backward(batch.head(unit.sequence, unit.head), out + at, grad_out + at,
                                      heads * dim, lse + first * heads + unit.head, heads,
                                      grad_qkv + (3 * first * heads + unit.head) * dim,
                                      scratch_data + thread * scratch_size);
  });
}

class Attention : public torch::autograd::Function<Attention> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, torch::Tensor qkv_T3NH,
                               torch::Tensor cos_PH, torch::Tensor sin_PH,
                               torch::Tensor positions_T, torch::Tensor offsets_S1,
                               int64_t window) {
    const Packed batch{qkv_T3NH.contiguous(), {cos_PH, sin_PH}, positions_T, offsets_S1, window};
    auto out_TNH =
        torch::empty({batch.tokens(), batch.heads(), batch.head_dim()}, qkv_T3NH.options());
    auto lse_TN = torch::empty({batch.tokens(), batch.heads()}, qkv_T3NH.options());
    forward_cpu(batch, out_TNH, lse_TN);
    context->save_for_backward(
        {batch.qkv_T3NH, cos_PH, sin_PH, positions_T, offsets_S1, out_TNH, lse_TN});
    context->saved_data["window"] = window;
    return out_TNH;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Packed batch{
        saved[0], {saved[1], saved[2]}, saved[3], saved[4], context->saved_data["window"].toInt()};
    auto grad_qkv_T3NH = torch::empty_like(batch.qkv_T3NH);
    backward_cpu(batch, saved[5], saved[6], gradients[0].contiguous(), grad_qkv_T3NH);
    return {grad_qkv_T3NH, {}, {}, {}, {}, {}};
  }
};

// Numbers in a GPU's memory are taken as they are: to look at them is to wait for it.
void check_offsets(const torch::Tensor& offsets_S1, int64_t tokens) {
  if (!offsets_S1.is_cpu()) return;
  const auto offsets = offsets_S1.contiguous();
  const auto* offset = offsets.const_data_ptr<int32_t>();
  const int64_t sequences = offsets.size(0) - 1;
  if (offset[0] == 0 && offset[sequences] == tokens &&
      std::is_sorted(offset, offset + sequences + 1)) {
    return;
  }
  throw Error(ErrorCode::kUsage,
              str_cat("attention: offsets: expected ascending numbers from 0 to ", tokens, ", got ",
                      offset[0], " to ", offset[sequences]));
}

void check_positions(const torch::Tensor& positions_T, const RopeTable& rope) {
  if (!positions_T.is_cpu()) return;
  const auto positions = positions_T.contiguous();
  const auto* position = positions.const_data_ptr<int32_t>();
  for (int64_t t = 0; t < positions.size(0); ++t) {
    if (position[t] >= 0 && position[t] < rope.cos_PH.size(0)) continue;
    throw Error(ErrorCode::kUsage, str_cat("attention: positions[", t, "]: expected 0 to ",
                                           rope.cos_PH.size(0) - 1, ", got ", position[t]));
  }
}

void check(const torch::Tensor& qkv_T3NH, const RopeTable& rope, const torch::Tensor& positions_T,
           const torch::Tensor& offsets_S1, int64_t window) {
  constexpr const char* kOp = "attention";
  require(qkv_T3NH.dim() == 4 && qkv_T3NH.size(1) == 3 && qkv_T3NH.size(3) % 2 == 0 &&
              qkv_T3NH.is_floating_point(),
          kOp, "qkv", "floating [T, 3, N, H] with H even", qkv_T3NH);
  require(is_vector(positions_T, qkv_T3NH.size(0), torch::kInt32), kOp, "positions",
          "int32, one for each token of qkv", positions_T);
  require(
      offsets_S1.dim() == 1 && offsets_S1.size(0) >= 1 && offsets_S1.scalar_type() == torch::kInt32,
      kOp, "offsets", "int32 [S + 1]", offsets_S1);
  require(rope.cos_PH.dim() == 2 && rope.cos_PH.size(1) * 2 == qkv_T3NH.size(3) &&
              rope.cos_PH.sizes() == rope.sin_PH.sizes(),
          kOp, "rotary table", "[P, H / 2] for the head dimension of qkv", rope.cos_PH);
  if (window < kGlobalAttention) {
    throw Error(
        ErrorCode::kUsage,
        str_cat("attention: window: expected 0 or more, or kGlobalAttention, got ", window));
  }
  check_offsets(offsets_S1, qkv_T3NH.size(0));
  check_positions(positions_T, rope);
}

// The longest sequence, tokens.
int64_t longest_of(const torch::Tensor& offsets_S1) {
  return offsets_S1.size(0) > 1 ? offsets_S1.diff().max().item<int64_t>() : 0;
}

}  // namespace

torch::Tensor attention(const torch::Tensor& qkv_T3NH, const RopeTable& rope,
                        const torch::Tensor& positions_T, const torch::Tensor& offsets_S1,
                        int64_t window, int64_t longest) {
  check(qkv_T3NH, rope, positions_T, offsets_S1, window);
  if (on_cpu_path(qkv_T3NH)) {
    return Attention::apply(qkv_T3NH, rope.cos_PH.contiguous(), rope.sin_PH.contiguous(),
                            positions_T.contiguous(), offsets_S1.contiguous(), window);
  }
  if (qkv_T3NH.is_cpu() && c10::isReducedFloatingType(qkv_T3NH.scalar_type())) {
    // As the reference does: float32 in between, rounded once.
    return attention(qkv_T3NH.to(torch::kFloat32), rope, positions_T, offsets_S1, window, longest)
        .to(qkv_T3NH.scalar_type());
  }
  if (qkv_T3NH.is_cuda() && cuda::has_flash_attention(qkv_T3NH)) {
    return cuda::attention(qkv_T3NH, rope, positions_T, offsets_S1, window,
                           longest > 0 ? longest : longest_of(offsets_S1));
  }
  return reference::attention(qkv_T3NH, rope, positions_T, offsets_S1, window);
}

}  // namespace rexbert::ops
