// parity_check CASE.safetensors: compares this build with the case's reference, prints the errors
// and exits with 1 when one is above its tolerance. tools/oracle/check_parity.py drives it.

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "nn/parity.h"
#include "nn/training_steps.h"
#include "rexbert/core/error.h"

int main(int argc, char** argv) {
  using namespace rexbert::nn;
  if (argc != 2) {
    std::fprintf(stderr, "usage: parity_check CASE.safetensors\n");
    return 2;
  }
  try {
    const ParityCase parity = read_parity_case(argv[1]);
    MaskedLanguageModel model(parity.config());
    draw_weights(model, parity.shape.at("seed"));
    const double logits = logit_error(parity, model.logits(parity.input(), parity["logit_tokens"]));
    const MlmLoss loss = model.loss(parity.input(), parity["masked"], parity["targets"]);
    (loss.sum / static_cast<double>(loss.count)).backward();
    const GradientError gradients = gradient_error(parity, model);
    draw_weights(model, parity.shape.at("seed"));
    const double steps = step_loss_error(parity, model);
    std::printf("logits %.2e, gradients %.2e (%s), ten steps' losses %.2e\n", logits,
                gradients.largest, gradients.parameter.c_str(), steps);
    const bool holds = logits <= kLogitTolerance && gradients.largest <= kGradientTolerance &&
                       steps <= kStepLossTolerance;
    return holds ? 0 : 1;
  } catch (const rexbert::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
