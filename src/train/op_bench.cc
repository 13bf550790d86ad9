#include "rexbert/train/op_bench.h"

#include <ATen/Parallel.h>

#include <functional>
#include <map>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "rexbert/nn/costs.h"
#include "rexbert/ops/reference.h"

namespace rexbert::train {
namespace {

// An op that waits to be run: its result, from the leaves that get gradients.
struct Subject {
  std::vector<torch::Tensor> leaves;
  std::function<torch::Tensor()> run;
  nn::Cost cost;
};

class Maker {
 public:
  explicit Maker(const OpBenchOptions& options)
      : options_(options), model_(options.model), rows_(options.tokens) {
    torch::manual_seed(static_cast<int64_t>(options.seed));
    for (int64_t at = 0; at <= options.tokens; at += options.context_length) {
      offsets_.push_back(static_cast<int32_t>(at));
    }
    masked_ = static_cast<int64_t>(options.masked_share * static_cast<double>(options.tokens));
    shape_ = nn::shape_of(model_, offsets_, masked_);
    one_layer_ = model_;
    one_layer_.layers = 1;
  }

  Subject attention() const {
    const auto qkv = leaf({rows_, 3, model_.heads, model_.head_dim()});
    const auto rope = ops::rope_table(options_.context_length, model_.head_dim(), 10'000);
    const auto positions = (torch::arange(rows_) % options_.context_length).to(torch::kInt32);
    const auto offsets = torch::tensor(offsets_, torch::kInt32);
    const int64_t window = options_.local ? model_.local_window / 2 : ops::kGlobalAttention;
    nn::EncoderConfig two = model_;  // a global layer and a local one
    two.layers = two.global_every = 2;
    const auto part =
        options_.local ? nn::StepPart::kLocalAttention : nn::StepPart::kGlobalAttention;
    return {{qkv},
            [=, reference = options_.reference] {
              return reference ? ops::reference::attention(qkv, rope, positions, offsets, window)
                               : ops::attention(qkv, rope, positions, offsets, window);
            },
            nn::cost_of(part, two, shape_)};
  }

  Subject embedding_norm() const {
    const auto table = leaf({model_.vocabulary, model_.hidden});
    const auto weight = leaf({model_.hidden});
    const auto tokens = torch::randint(model_.vocabulary, {rows_}, torch::kInt32);
    return {{table, weight},
            [=, eps = model_.norm_eps, reference = options_.reference] {
              return reference ? ops::reference::embedding_norm(table, weight, tokens, eps)
                               : ops::embedding_norm(table, weight, tokens, eps);
            },
            nn::cost_of(nn::StepPart::kEmbedding, model_, shape_)};
  }

  Subject layer_norm() const {
    const auto x = leaf({rows_, model_.hidden});
    const auto weight = leaf({model_.hidden});
    const nn::Cost two = nn::cost_of(nn::StepPart::kNorms, one_layer_, shape_);
    return {{x, weight},
            [=, eps = model_.norm_eps, reference = options_.reference] {
              return reference ? ops::reference::layer_norm(x, weight, eps)
                               : ops::layer_norm(x, weight, eps);
            },
            {two.flops / 2, two.bytes / 2}};
  }

  Subject geglu() const {
    const auto x = leaf({rows_, 2 * model_.intermediate});
    return {{x},
            [=, reference = options_.reference] {
              return reference ? ops::reference::geglu(x) : ops::geglu(x);
            },
            nn::cost_of(nn::StepPart::kGeglu, one_layer_, shape_)};
  }

  Subject dropout_add() const {
    const auto residual = leaf({rows_, model_.hidden});
    const auto x = leaf({rows_, model_.hidden});
    const auto tokens = torch::arange(rows_, torch::kInt32);
    const auto rows = torch::zeros_like(tokens);
    const double p = model_.attention_dropout_out;
    const double floats = static_cast<double>(rows_ * model_.hidden) * (3 + 2);
    return {{residual, x},
            [=, reference = options_.reference] {
              return reference ? ops::reference::dropout_add(residual, x, rows, tokens, p, {})
                               : ops::dropout_add(residual, x, rows, tokens, p, {});
            },
            {0, 4 * floats}};
  }

  Subject linear_cross_entropy() const {
    const auto hidden = leaf({masked_, model_.hidden});
    const auto weight = leaf({model_.vocabulary, model_.hidden});
    const auto bias = leaf({model_.vocabulary});
    const auto targets = torch::randint(model_.vocabulary, {masked_}, torch::kInt32);
    return {{hidden, weight, bias},
            [=, reference = options_.reference] {
              return reference ? ops::reference::linear_cross_entropy(hidden, weight, bias, targets)
                               : ops::linear_cross_entropy(hidden, weight, bias, targets);
            },
            nn::cost_of(nn::StepPart::kDecoder, model_, shape_)};
  }

  // StableAdamW over one tensor with as many elements as the model has parameters.
  Subject update() const {
    const int64_t parameters = nn::parameter_count(model_);
    auto parameter = torch::randn({parameters});
    const auto gradient = torch::randn({parameters});
    auto exp_avg = torch::zeros({parameters});
    auto exp_avg_sq = torch::zeros({parameters});
    const ops::StableAdamWStep step{.learning_rate = 1e-4,
                                    .max_learning_rate = 1e-4,
                                    .weight_decay = 1e-5,
                                    .beta1_hat = 0.9,
                                    .beta2_hat = 0.98};
    return {{},
            [=, reference = options_.reference]() mutable {
              return reference
                         ? ops::reference::stable_adamw_update(parameter, gradient, exp_avg,
                                                               exp_avg_sq, step)
                         : ops::stable_adamw_update(parameter, gradient, exp_avg, exp_avg_sq, step);
            },
            {0, 4.0 * 7 * static_cast<double>(parameters)}};
  }

 private:
  static torch::Tensor leaf(torch::IntArrayRef sizes) {
    return torch::randn(sizes).requires_grad_();
  }

  const OpBenchOptions& options_;
  nn::EncoderConfig model_;
  nn::EncoderConfig one_layer_;
  int64_t rows_;
  int64_t masked_;
  std::vector<int32_t> offsets_;
  nn::BatchShape shape_;
};

using Make = Subject (Maker::*)() const;
const std::map<std::string, Make>& makers() {
  static const std::map<std::string, Make> makers = {
      {"attention", &Maker::attention},
      {"dropout_add", &Maker::dropout_add},
      {"embedding_norm", &Maker::embedding_norm},
      {"geglu", &Maker::geglu},
      {"layer_norm", &Maker::layer_norm},
      {"linear_cross_entropy", &Maker::linear_cross_entropy},
      {"update", &Maker::update}};
  return makers;
}

}  // namespace

const std::vector<std::string>& op_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, make] : makers()) all.push_back(name);
    return all;
  }();
  return names;
}

double OpBenchResult::median_seconds() const {
  const double backward = backward_seconds.empty() ? 0 : median(backward_seconds);
  return median(forward_seconds) + backward;
}

OpBenchResult bench_op(const OpBenchOptions& options) {
  const auto make = makers().find(options.op);
  if (make == makers().end()) {
    throw Error(ErrorCode::kUsage, str_cat("bench op: expected one of ", str_join(op_names(), ", "),
                                           ", got ", str_quote(options.op)));
  }
  if (options.context_length < 1 || options.tokens < 1 ||
      options.tokens % options.context_length != 0) {
    throw Error(ErrorCode::kUsage,
                str_cat("bench op: expected tokens that are a multiple of the context length, got ",
                        options.tokens, " and ", options.context_length));
  }
  if (options.threads > 0) at::set_num_threads(options.threads);
  const Subject subject = (Maker(options).*make->second)();
  OpBenchResult result{.flops = subject.cost.flops, .bytes = subject.cost.bytes};
  for (int repeat = 0; repeat <= options.repeats; ++repeat) {
    auto start = std::chrono::steady_clock::now();
    const torch::Tensor out = subject.run();
    const double forward = seconds_since(start);
    if (repeat > 0) result.forward_seconds.push_back(forward);
    if (subject.leaves.empty()) continue;
    const auto gradient = torch::ones_like(out);
    start = std::chrono::steady_clock::now();
    torch::autograd::grad({out}, subject.leaves, {gradient});
    if (repeat > 0) result.backward_seconds.push_back(seconds_since(start));
  }
  return result;
}

}  // namespace rexbert::train
