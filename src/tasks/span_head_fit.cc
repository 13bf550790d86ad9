#include "rexbert/tasks/span_head_fit.h"

#include <algorithm>

#include "rexbert/core/philox.h"
#include "rexbert/optim/stable_adamw.h"

namespace rexbert::tasks {
namespace {

torch::Tensor shuffled(int64_t count, uint64_t seed, int epoch) {
  const KeyedPermutation permutation(static_cast<uint64_t>(count), seed, Purpose::kHeadOrder,
                                     static_cast<uint64_t>(epoch));
  torch::Tensor order_N = torch::empty({count}, torch::kInt64);
  auto* const order = order_N.data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i) {
    order[i] = static_cast<int64_t>(permutation(static_cast<uint64_t>(i)));
  }
  return order_N;
}

}  // namespace

double fit_span_head(infer::SpanHead& head, const torch::Tensor& states_ND,
                     const torch::Tensor& classes_N, const SpanHeadFitOptions& options) {
  const int64_t count = states_ND.size(0);
  optim::StableAdamW optimizer(head.named_parameters(),
                               {.max_learning_rate = options.learning_rate});
  const int64_t steps = options.epochs * ((count + options.batch - 1) / options.batch);
  int64_t step = 0;
  double last = 0;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    const torch::Tensor order_N = shuffled(count, options.seed, epoch);
    double sum = 0;
    for (int64_t begin = 0; begin < count; begin += options.batch) {
      const torch::Tensor chosen = order_N.slice(0, begin, std::min(count, begin + options.batch));
      const torch::Tensor states_MD = states_ND.index_select(0, chosen).to(torch::kFloat32);
      const torch::Tensor loss = torch::nn::functional::cross_entropy(
          head.forward(states_MD), classes_N.index_select(0, chosen));
      optimizer.zero_grad();
      loss.backward();
      const double left = 1 - static_cast<double>(step++) / static_cast<double>(steps);
      optimizer.step(options.learning_rate * left, options.weight_decay);
      sum += loss.item<double>() * static_cast<double>(chosen.size(0));
    }
    last = sum / static_cast<double>(std::max<int64_t>(count, 1));
  }
  return last;
}

}  // namespace rexbert::tasks
