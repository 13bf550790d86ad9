#pragma once

#include <algorithm>
#include <cmath>

#include "nn/parity.h"
#include "rexbert/optim/stable_adamw.h"

namespace rexbert::nn {

// The largest difference of the losses of the case's training steps from the reference's.
inline double step_loss_error(const ParityCase& parity, MaskedLanguageModel& model) {
  optim::StableAdamW optimizer(model.named_parameters(),
                               {.max_learning_rate = parity.shape.at("max_learning_rate")});
  const auto& expected = parity["step_losses"];
  const auto steps = static_cast<int>(expected.size(0));
  double largest = 0;
  for (int step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const MlmLoss loss = model.loss(parity.input(), parity["masked"], parity["targets"]);
    const auto mean = loss.sum / static_cast<double>(loss.count);
    largest = std::max(largest, std::abs(mean.item<double>() - expected[step].item<double>()));
    mean.backward();
    optimizer.step(parity.shape.at("learning_rate").get<double>() * (step + 1) / steps,
                   parity.shape.at("weight_decay"));
  }
  return largest;
}

}  // namespace rexbert::nn
