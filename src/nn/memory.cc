#include "rexbert/nn/memory.h"

#include <algorithm>

namespace rexbert::nn {
namespace {

constexpr double kFloat = 4;

// What the loss needs of `masked` rows beside the head's activations.
double bytes_of_logits(const MemoryQuery& query, double masked, double vocabulary) {
  constexpr double kRowsCpu = 256;  // of a chunk (ops/cross_entropy.cc, ops/cuda/cross_entropy.cc)
  constexpr double kRowsGpu = 2048;
  if (query.on_gpu) {
    const double element = query.precision == Precision::kBf16 ? 2 : kFloat;
    return (kFloat + element) * std::min(kRowsGpu, masked) * vocabulary;
  }
  if (query.precision == Precision::kF32) return kFloat * std::min(kRowsCpu, masked) * vocabulary;
  return 3 * kFloat * masked * vocabulary;  // the reference's: logits, their logarithms, gradients
}

}  // namespace

double MemoryEstimate::total() const {
  return weights + gradients + moments + activations + loss + workspace + process;
}

MemoryEstimate predict_memory(const EncoderConfig& config, const MemoryQuery& query) {
  const auto parameters = static_cast<double>(parameter_count(config));
  const auto rows = static_cast<double>(query.tokens);
  const double masked = query.masked_share * rows;
  const auto hidden = static_cast<double>(config.hidden);
  const auto intermediate = static_cast<double>(config.intermediate);
  const auto vocabulary = static_cast<double>(config.vocabulary);
  const auto layers = static_cast<double>(config.layers);
  const bool bf16 = query.precision == Precision::kBf16;
  const double element = bf16 ? 2 : kFloat;
  MemoryEstimate estimate;
  estimate.weights = (kFloat + (bf16 ? element : 0)) * parameters;  // with the copies in bfloat16
  estimate.gradients = kFloat * parameters;
  estimate.moments = 2 * kFloat * parameters;
  // A layer keeps its input, q, k and v, attention's output, the state between attention and MLP:
  // 6 D; the gate's two halves: 2 I; and in float32 the norms' means and deviations and attention's
  // normalizers. Where they are not computed again (ops::linear), both normed states and the gate's
  // result, and in bfloat16 the activated half. Behind the last layer there is one more state.
  const bool recomputes = !query.on_gpu && !bf16;
  const double states = recomputes ? 6 : 8;
  const double gates = recomputes ? 2 : bf16 ? 4 : 3;
  const double per_token = element * (states * hidden + gates * intermediate) +
                           kFloat * (4 + static_cast<double>(config.heads));
  estimate.activations = rows * (layers * per_token + element * hidden);
  // Picked states, dense, gelu and norm, and the gradient of the last; the gradient of the
  // decoder's weight.
  estimate.loss = 5 * element * masked * hidden + kFloat * vocabulary * hidden;
  // Logits, or afterwards, backward through a gated unit, the gradients of its result and of both
  // halves, and of the state.
  estimate.workspace = std::max(bytes_of_logits(query, masked, vocabulary),
                                element * rows * (3 * intermediate + hidden));
  estimate.process = 170e6;
  return estimate;
}

int64_t largest_micro_batch(const EncoderConfig& config, MemoryQuery query, double bytes) {
  int64_t fits = 0;
  int64_t too_large = int64_t{1} << 40;
  while (too_large - fits > 1) {
    query.tokens = fits + (too_large - fits) / 2;
    (predict_memory(config, query).total() <= bytes ? fits : too_large) = query.tokens;
  }
  return fits;
}

}  // namespace rexbert::nn
