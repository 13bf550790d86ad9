#include <array>

#include "ops/cuda/ops.h"
#include "rexbert/core/philox.h"

namespace rexbert::ops::cuda {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Keeps x only; autograd would keep gelu(a) too and join the halves' gradients by a copy.
class GeGlu : public torch::autograd::Function<GeGlu> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor x_T2I) {
    context->save_for_backward({x_T2I});
    const auto halves = x_T2I.chunk(2, 1);
    return at::gelu(halves[0]).mul_(halves[1]);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto x_T2I = context->get_saved_variables()[0];
    const auto halves = x_T2I.chunk(2, 1);
    const auto grad_x_T2I = torch::empty(x_T2I.sizes(), x_T2I.options());
    auto grad_halves = grad_x_T2I.chunk(2, 1);
    at::gelu_backward_out(grad_halves[0], gradients[0] * halves[1], halves[0]);
    at::mul_out(grad_halves[1], gradients[0], at::gelu(halves[0]));
    return {grad_x_T2I};
  }
};

constexpr int64_t kLow = 0xFFFFFFFF;

// Four words of 32 bits, each in an int64 tensor whose shape broadcasts to [T, C].
using Words = std::array<torch::Tensor, 4>;

// philox4x32() of core/philox.h for every token and column. ATen's int64 products wrap around, so
// their 64 bits are those of the unsigned product.
Words philox_words(Words counter, PhiloxKey key) {
  const auto mixed = [](const torch::Tensor& product, const torch::Tensor& other, uint32_t word) {
    return product.bitwise_right_shift(32)
        .bitwise_xor(other.bitwise_xor(static_cast<int64_t>(word)))
        .bitwise_and_(kLow);
  };
  for (int round = 0; round < 10; ++round) {
    const auto product0 = counter[0] * int64_t{0xD2511F53};
    const auto product1 = counter[2] * int64_t{0xCD9E8D57};
    counter = {mixed(product1, counter[1], key[0]), product1.bitwise_and(kLow),
               mixed(product0, counter[3], key[1]), product0.bitwise_and(kLow)};
    key[0] += 0x9E3779B9;
    key[1] += 0xBB67AE85;
  }
  return counter;
}

class DropoutAdd : public torch::autograd::Function<DropoutAdd> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor residual_TD,
                               torch::Tensor x_TD, torch::Tensor dropped_TD, double scale) {
    context->save_for_backward({dropped_TD});
    context->saved_data["scale"] = scale;
    return torch::add(residual_TD, x_TD.masked_fill(dropped_TD, 0), scale);
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto dropped_TD = context->get_saved_variables()[0];
    const double scale = context->saved_data["scale"].toDouble();
    return {gradients[0], (gradients[0] * scale).masked_fill_(dropped_TD, 0), {}, {}};
  }
};

}  // namespace

torch::Tensor layer_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps) {
  return torch::layer_norm(x_TD, {x_TD.size(1)}, weight_D, {}, eps);
}

torch::Tensor embedding_norm(const torch::Tensor& weight_VD, const torch::Tensor& norm_D,
                             const torch::Tensor& tokens_T, double eps) {
  return cuda::layer_norm(torch::embedding(weight_VD, tokens_T.to(weight_VD.device())), norm_D,
                          eps);
}

torch::Tensor geglu(const torch::Tensor& x_T2I) { return GeGlu::apply(x_T2I); }

torch::Tensor dropped(const torch::Tensor& rows_T, const torch::Tensor& tokens_T, int64_t columns,
                      double p, const DropoutKey& key) {
  const int64_t quarter = (columns + 3) / 4;
  const auto of_token = [](const torch::Tensor& values_T) {
    return values_T.to(torch::kInt64).bitwise_and(kLow).unsqueeze(1);
  };
  const auto token_T1 = of_token(tokens_T);
  const Words words =
      philox_words({torch::arange(quarter, token_T1.options()).unsqueeze(0), token_T1,
                    of_token(rows_T), torch::full({1, 1}, key.layer & kLow, token_T1.options())},
                   KeyedRng(key.seed, Purpose::kDropout, static_cast<uint64_t>(key.step)).key());
  const auto threshold = static_cast<int64_t>(p * 0x1p32);
  std::vector<torch::Tensor> quarters;
  for (const auto& word : words) quarters.push_back(word < threshold);
  return torch::cat(quarters, 1).narrow(1, 0, columns);
}

torch::Tensor dropout_add(const torch::Tensor& residual_TD, const torch::Tensor& x_TD,
                          const torch::Tensor& rows_T, const torch::Tensor& tokens_T, double p,
                          const DropoutKey& key) {
  const auto dropped_TD =
      dropped(rows_T.to(x_TD.device()), tokens_T.to(x_TD.device()), x_TD.size(1), p, key);
  return DropoutAdd::apply(residual_TD, x_TD, dropped_TD, 1.0 / (1.0 - p));
}

}  // namespace rexbert::ops::cuda
