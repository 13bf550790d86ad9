#include "rexbert/ops/layers.h"

#include <optional>
#include <utility>

#include "ops/checks.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/parallel.h"
#include "ops/cuda/ops.h"
#include "rexbert/core/philox.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Rows whose share of a norm weight's gradient is summed together, for any number of threads.
constexpr int64_t kGradientRows = 256;

struct Normed {
  torch::Tensor y_TD;
  torch::Tensor mean_T;
  torch::Tensor rstd_T;
};

Normed layer_norm_cpu(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps) {
  const int64_t columns = x_TD.size(1);
  Normed result{torch::empty_like(x_TD), torch::empty({x_TD.size(0)}, x_TD.options()),
                torch::empty({x_TD.size(0)}, x_TD.options())};
  const float* x = x_TD.const_data_ptr<float>();
  const float* weight = weight_D.const_data_ptr<float>();
  float* y = result.y_TD.data_ptr<float>();
  float* mean = result.mean_T.data_ptr<float>();
  float* rstd = result.rstd_T.data_ptr<float>();
  cpu::parallel_ranges(x_TD.size(0), cpu::kRowGrain, [&](int64_t begin, int64_t end) {
    cpu::kernels().layer_norm(x + begin * columns, weight, end - begin, columns,
                              static_cast<float>(eps), y + begin * columns, mean + begin,
                              rstd + begin);
  });
  return result;
}

// Gradients of x and weight.
std::pair<torch::Tensor, torch::Tensor> layer_norm_backward_cpu(const torch::Tensor& grad_y_TD,
                                                                const torch::Tensor& x_TD,
                                                                const torch::Tensor& weight_D,
                                                                const torch::Tensor& mean_T,
                                                                const torch::Tensor& rstd_T) {
  const int64_t rows = x_TD.size(0);
  const int64_t columns = x_TD.size(1);
  auto grad_x_TD = torch::empty_like(x_TD);
  const int64_t parts = (rows + kGradientRows - 1) / kGradientRows;
  const auto partial_GD = torch::zeros({parts, columns}, x_TD.options());
  const float* grad_y = grad_y_TD.const_data_ptr<float>();
  const float* x = x_TD.const_data_ptr<float>();
  const float* weight = weight_D.const_data_ptr<float>();
  const float* mean = mean_T.const_data_ptr<float>();
  const float* rstd = rstd_T.const_data_ptr<float>();
  float* grad_x = grad_x_TD.data_ptr<float>();
  float* partial = partial_GD.data_ptr<float>();
  cpu::parallel_ranges(rows, kGradientRows, [&](int64_t begin, int64_t end) {
    cpu::kernels().layer_norm_backward(
        grad_y + begin * columns, x + begin * columns, weight, mean + begin, rstd + begin,
        end - begin, columns, grad_x + begin * columns, partial + begin / kGradientRows * columns);
  });
  auto grad_weight_D = torch::zeros_like(weight_D);
  for (int64_t part = 0; part < parts; ++part)
    cpu::kernels().add(grad_weight_D.data_ptr<float>(), partial + part * columns, columns);
  return {grad_x_TD, grad_weight_D};
}

class LayerNorm : public torch::autograd::Function<LayerNorm> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor x_TD, torch::Tensor weight_D,
                               double eps) {
    const auto x = x_TD.contiguous();
    const Normed normed = layer_norm_cpu(x, weight_D, eps);
    context->save_for_backward({x, weight_D, normed.mean_T, normed.rstd_T});
    return normed.y_TD;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    auto [grad_x_TD, grad_weight_D] =
        layer_norm_backward_cpu(gradients[0].contiguous(), saved[0], saved[1], saved[2], saved[3]);
    return {grad_x_TD, grad_weight_D, {}};
  }
};

class EmbeddingNorm : public torch::autograd::Function<EmbeddingNorm> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor weight_VD,
                               torch::Tensor norm_D, torch::Tensor tokens_T, double eps) {
    const Normed normed = layer_norm_cpu(weight_VD.index_select(0, tokens_T), norm_D, eps);
    context->save_for_backward({weight_VD, norm_D, tokens_T, normed.mean_T, normed.rstd_T});
    return normed.y_TD;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const auto& weight_VD = saved[0];
    const auto& tokens_T = saved[2];
    const auto [grad_x_TD, grad_norm_D] =
        layer_norm_backward_cpu(gradients[0].contiguous(), weight_VD.index_select(0, tokens_T),
                                saved[1], saved[3], saved[4]);
    auto grad_weight_VD = torch::zeros_like(weight_VD);
    const int64_t columns = weight_VD.size(1);
    const float* grad_x = grad_x_TD.const_data_ptr<float>();
    const int32_t* tokens = tokens_T.const_data_ptr<int32_t>();
    float* grad_weight = grad_weight_VD.data_ptr<float>();
    // Threads share the columns, not the tokens: every sum keeps the order of the tokens.
    cpu::parallel_ranges(columns, 64, [&](int64_t begin, int64_t end) {
      for (int64_t t = 0; t < tokens_T.size(0); ++t)
        cpu::kernels().add(grad_weight + tokens[t] * columns + begin, grad_x + t * columns + begin,
                           end - begin);
    });
    return {grad_weight_VD, grad_norm_D, {}, {}};
  }
};

class GeGlu : public torch::autograd::Function<GeGlu> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor x_T2I) {
    const auto input = x_T2I.contiguous();
    const int64_t columns = input.size(1) / 2;
    auto y_TI = torch::empty({input.size(0), columns}, input.options());
    const float* x = input.const_data_ptr<float>();
    float* y = y_TI.data_ptr<float>();
    cpu::parallel_ranges(input.size(0), cpu::kRowGrain, [&](int64_t begin, int64_t end) {
      cpu::kernels().geglu(x + begin * 2 * columns, end - begin, columns, y + begin * columns);
    });
    context->save_for_backward({input});
    return y_TI;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto input = context->get_saved_variables()[0];
    const auto grad_TI = gradients[0].contiguous();
    auto grad_x_T2I = torch::empty_like(input);
    const int64_t columns = grad_TI.size(1);
    const float* grad_y = grad_TI.const_data_ptr<float>();
    const float* x = input.const_data_ptr<float>();
    float* grad_x = grad_x_T2I.data_ptr<float>();
    cpu::parallel_ranges(input.size(0), cpu::kRowGrain, [&](int64_t begin, int64_t end) {
      cpu::kernels().geglu_backward(grad_y + begin * columns, x + begin * 2 * columns, end - begin,
                                    columns, grad_x + begin * 2 * columns);
    });
    return {grad_x_T2I};
  }
};

struct Compute : torch::CustomClassHolder {
  explicit Compute(decltype(Recomputable::compute) compute) : call(std::move(compute)) {}
  decltype(Recomputable::compute) call;
};

class LinearOfRecomputed : public torch::autograd::Function<LinearOfRecomputed> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor x_TD, torch::Tensor w_OD,
                               std::optional<torch::Tensor> residual_TO, const Recomputable& x) {
    variable_list saved = x.from;
    saved.push_back(w_OD);
    context->save_for_backward(std::move(saved));
    context->saved_data["compute"] =
        c10::IValue::make_capsule(c10::make_intrusive<Compute>(x.compute));
    context->saved_data["residual"] = residual_TO.has_value();
    return residual_TO ? torch::addmm(*residual_TO, x_TD, w_OD.t()) : torch::mm(x_TD, w_OD.t());
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    variable_list from = context->get_saved_variables();
    const torch::Tensor w_OD = from.back();
    from.pop_back();
    const auto capsule = context->saved_data["compute"].toCapsule();
    const auto x_TD = static_cast<const Compute&>(*capsule).call(from);
    const torch::Tensor& grad_TO = gradients[0];
    const bool residual = context->saved_data["residual"].toBool();
    return {grad_TO.mm(w_OD), grad_TO.t().mm(x_TD), residual ? grad_TO : torch::Tensor(), {}};
  }
};

cpu::DropoutKey kernel_key(const DropoutKey& key, double p) {
  const PhiloxKey words =
      KeyedRng(key.seed, Purpose::kDropout, static_cast<uint64_t>(key.step)).key();
  return {.key = {words[0], words[1]},
          .layer = static_cast<uint32_t>(key.layer),
          .threshold = static_cast<uint32_t>(p * 0x1p32),
          .scale = static_cast<float>(1.0 / (1.0 - p))};
}

// `residual_TD` undefined: zero.
torch::Tensor dropout_cpu(const torch::Tensor& residual_TD, const torch::Tensor& x_TD,
                          const torch::Tensor& rows_T, const torch::Tensor& tokens_T,
                          const cpu::DropoutKey& key) {
  auto y_TD = torch::empty_like(x_TD);
  const int64_t columns = x_TD.size(1);
  const float* residual = residual_TD.defined() ? residual_TD.const_data_ptr<float>() : nullptr;
  const float* x = x_TD.const_data_ptr<float>();
  const int32_t* rows = rows_T.const_data_ptr<int32_t>();
  const int32_t* tokens = tokens_T.const_data_ptr<int32_t>();
  float* y = y_TD.data_ptr<float>();
  cpu::parallel_ranges(x_TD.size(0), cpu::kRowGrain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; ++t) {
      cpu::kernels().dropout_add(residual ? residual + t * columns : nullptr, x + t * columns, key,
                                 static_cast<uint32_t>(tokens[t]), static_cast<uint32_t>(rows[t]),
                                 columns, y + t * columns);
    }
  });
  return y_TD;
}

class DropoutAdd : public torch::autograd::Function<DropoutAdd> {
 public:
  static torch::Tensor forward(AutogradContext* context, torch::Tensor residual_TD,
                               torch::Tensor x_TD, torch::Tensor rows_T, torch::Tensor tokens_T,
                               double p, const DropoutKey& key) {
    context->save_for_backward({rows_T, tokens_T});
    context->saved_data["p"] = p;
    context->saved_data["seed"] = static_cast<int64_t>(key.seed);
    context->saved_data["step"] = key.step;
    context->saved_data["layer"] = key.layer;
    return dropout_cpu(residual_TD.contiguous(), x_TD.contiguous(), rows_T, tokens_T,
                       kernel_key(key, p));
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto saved = context->get_saved_variables();
    auto& data = context->saved_data;
    const DropoutKey key{.seed = static_cast<uint64_t>(data["seed"].toInt()),
                         .step = data["step"].toInt(),
                         .layer = data["layer"].toInt()};
    const auto grad_x_TD = dropout_cpu({}, gradients[0].contiguous(), saved[0], saved[1],
                                       kernel_key(key, data["p"].toDouble()));
    return {gradients[0], grad_x_TD, {}, {}, {}, {}};
  }
};

void check_norm(const char* op, const torch::Tensor& x_TD, const torch::Tensor& weight_D) {
  require(is_matrix(x_TD), op, "input", "a floating matrix", x_TD);
  require(is_vector(weight_D, x_TD.size(1), x_TD.scalar_type()), op, "weight",
          "one number of the input's type for each column", weight_D);
}

void check_tokens(const torch::Tensor& weight_VD, const torch::Tensor& tokens_T) {
  constexpr const char* kOp = "embedding_norm";
  require(tokens_T.defined() && tokens_T.dim() == 1 && tokens_T.scalar_type() == torch::kInt32, kOp,
          "tokens", "int32 [T]", tokens_T);
  if (!tokens_T.is_cpu()) return;  // to look at them is to wait for the GPU
  const auto tokens = tokens_T.contiguous();
  const int32_t* token = tokens.const_data_ptr<int32_t>();
  for (int64_t t = 0; t < tokens.size(0); ++t) {
    if (token[t] >= 0 && token[t] < weight_VD.size(0)) continue;
    throw Error(ErrorCode::kUsage, str_cat(kOp, ": tokens[", t, "]: expected an id from 0 to ",
                                           weight_VD.size(0) - 1, ", got ", token[t]));
  }
}

}  // namespace

torch::Tensor layer_norm(const torch::Tensor& x_TD, const torch::Tensor& weight_D, double eps) {
  check_norm("layer_norm", x_TD, weight_D);
  if (on_cpu_path(x_TD)) return LayerNorm::apply(x_TD, weight_D.contiguous(), eps);
  if (x_TD.is_cuda()) return cuda::layer_norm(x_TD, weight_D, eps);
  return reference::layer_norm(x_TD, weight_D, eps);
}

torch::Tensor embedding_norm(const torch::Tensor& weight_VD, const torch::Tensor& norm_D,
                             const torch::Tensor& tokens_T, double eps) {
  check_norm("embedding_norm", weight_VD, norm_D);
  check_tokens(weight_VD, tokens_T);
  if (on_cpu_path(weight_VD))
    return EmbeddingNorm::apply(weight_VD.contiguous(), norm_D.contiguous(), tokens_T.contiguous(),
                                eps);
  if (weight_VD.is_cuda()) return cuda::embedding_norm(weight_VD, norm_D, tokens_T, eps);
  return reference::embedding_norm(weight_VD, norm_D, tokens_T, eps);
}

torch::Tensor geglu(const torch::Tensor& x_T2I) {
  require(is_matrix(x_T2I) && x_T2I.size(1) % 2 == 0, "geglu", "input",
          "a floating matrix with an even number of columns", x_T2I);
  if (on_cpu_path(x_T2I)) return GeGlu::apply(x_T2I);
  if (x_T2I.is_cuda()) return cuda::geglu(x_T2I);
  return reference::geglu(x_T2I);
}

torch::Tensor linear(const Recomputable& x, const torch::Tensor& w_OD,
                     const torch::Tensor& residual_TO) {
  constexpr const char* kOp = "linear";
  require(is_matrix(x.value), kOp, "input", "a floating matrix", x.value);
  require(is_matrix(w_OD) && w_OD.size(1) == x.value.size(1) &&
              w_OD.scalar_type() == x.value.scalar_type(),
          kOp, "weight", "a matrix of the input's type and columns", w_OD);
  if (residual_TO.defined()) {
    require(is_matrix(residual_TO) && residual_TO.size(0) == x.value.size(0) &&
                residual_TO.size(1) == w_OD.size(0) &&
                residual_TO.scalar_type() == x.value.scalar_type(),
            kOp, "residual", "the product's shape and type", residual_TO);
  }
  if (on_cpu_path(x.value)) {
    std::optional<torch::Tensor> residual;
    if (residual_TO.defined()) residual = residual_TO;
    return LinearOfRecomputed::apply(x.value, w_OD, residual, x);
  }
  if (residual_TO.defined()) return torch::addmm(residual_TO, x.value, w_OD.t());
  return torch::linear(x.value, w_OD);
}

torch::Tensor dropout_add(const torch::Tensor& residual_TD, const torch::Tensor& x_TD,
                          const torch::Tensor& rows_T, const torch::Tensor& tokens_T, double p,
                          const DropoutKey& key) {
  constexpr const char* kOp = "dropout_add";
  require(is_matrix(x_TD), kOp, "input", "a floating matrix", x_TD);
  require(residual_TD.sizes() == x_TD.sizes() && residual_TD.scalar_type() == x_TD.scalar_type(),
          kOp, "residual", "the input's shape and type", residual_TD);
  require(is_vector(rows_T, x_TD.size(0), torch::kInt32), kOp, "rows", "int32 [T]", rows_T);
  require(is_vector(tokens_T, x_TD.size(0), torch::kInt32), kOp, "tokens", "int32 [T]", tokens_T);
  if (!(p >= 0 && p < 1)) {
    throw Error(ErrorCode::kUsage,
                str_cat(kOp, ": p: expected a probability from 0 to below 1, got ", p));
  }
  if (p == 0) return residual_TD + x_TD;
  if (on_cpu_path(x_TD))
    return DropoutAdd::apply(residual_TD, x_TD, rows_T.contiguous(), tokens_T.contiguous(), p, key);
  if (x_TD.is_cuda()) return cuda::dropout_add(residual_TD, x_TD, rows_T, tokens_T, p, key);
  return reference::dropout_add(residual_TD, x_TD, rows_T, tokens_T, p, key);
}

}  // namespace rexbert::ops
