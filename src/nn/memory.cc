#include "rexbert/nn/memory.h"

#include <algorithm>

namespace rexbert::nn {
namespace {

constexpr double kFloat = 4;

}  // namespace

double MemoryEstimate::total() const {
  return weights + gradients + moments + activations + loss + workspace + process;
}

MemoryEstimate predict_memory(const EncoderConfig& config, Precision precision, int64_t tokens,
                              double masked_share) {
  const auto parameters = static_cast<double>(parameter_count(config));
  const auto rows = static_cast<double>(tokens);
  const double masked = masked_share * rows;
  const auto hidden = static_cast<double>(config.hidden);
  const auto intermediate = static_cast<double>(config.intermediate);
  const auto vocabulary = static_cast<double>(config.vocabulary);
  const auto layers = static_cast<double>(config.layers);
  const double element = precision == Precision::kBf16 ? 2 : kFloat;
  MemoryEstimate estimate;
  estimate.weights = kFloat * parameters;
  estimate.gradients = kFloat * parameters;
  estimate.moments = 2 * kFloat * parameters;
  // A layer keeps its input, both normed states, q, k and v, attention's output, the state between
  // attention and MLP: 8 D; the gate's two halves and its result: 3 I; and in float32 the norms'
  // means and deviations and attention's normalizers. Behind the last layer there is one more
  // state.
  const double per_token =
      element * (8 * hidden + 3 * intermediate) + kFloat * (4 + static_cast<double>(config.heads));
  estimate.activations = rows * (layers * per_token + element * hidden);
  // Picked states, dense, gelu and norm, and the gradient of the last; a chunk of 256 rows of
  // exponentials; the gradient of the decoder's weight.
  constexpr double kChunkRows = 256;
  estimate.loss = 5 * element * masked * hidden +
                  kFloat * std::min(kChunkRows, masked) * vocabulary + kFloat * vocabulary * hidden;
  // Backward through a gated unit: the gradients of its result and of both halves, and of the
  // state.
  estimate.workspace = element * rows * (3 * intermediate + hidden);
  estimate.process = 300.0 * (1 << 20);
  return estimate;
}

int64_t largest_micro_batch(const EncoderConfig& config, Precision precision, double masked_share,
                            double bytes) {
  int64_t fits = 0;
  int64_t too_large = int64_t{1} << 40;
  while (too_large - fits > 1) {
    const int64_t tokens = fits + (too_large - fits) / 2;
    const double total = predict_memory(config, precision, tokens, masked_share).total();
    (total <= bytes ? fits : too_large) = tokens;
  }
  return fits;
}

}  // namespace rexbert::nn
