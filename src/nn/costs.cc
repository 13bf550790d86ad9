#include "rexbert/nn/costs.h"

#include <algorithm>

#include "rexbert/core/error.h"

namespace rexbert::nn {
namespace {

constexpr double kFloat = 4;  // bytes

// y = x weight^T over `rows` rows; with `added`, y is added to something as large that is read too.
Cost linear(double rows, double in, double out, bool added = false) {
  const double x = rows * in;
  const double y = rows * out;
  const double weight = in * out;
  // Backward: the gradient of x from that of y and the weight; the weight's from that of y and x.
  const double forward = x + weight + y * (added ? 2 : 1);
  const double backward = (y + weight + x) + (y + x + weight);
  return {6 * rows * in * out, kFloat * (forward + backward)};
}

Cost element_wise(double forward_floats, double backward_floats) {
  return {0, kFloat * (forward_floats + backward_floats)};
}

// x to y; then their gradients, x again, and that of x.
Cost norm(double rows, double columns) {
  return element_wise(2 * rows * columns, 3 * rows * columns);
}

// Products of queries and keys, and of weights and values, are a multiply-add a pair and channel
// each; backward has twice as many. q, k, v, to the output; then these and its gradient, to theirs.
Cost attention(double pairs, double tokens, double hidden) {
  return {12 * pairs * hidden, kFloat * tokens * hidden * ((3 + 1) + (3 + 1 + 1 + 3))};
}

Cost times(double count, const Cost& cost) { return {count * cost.flops, count * cost.bytes}; }

Cost operator+(const Cost& a, const Cost& b) { return {a.flops + b.flops, a.bytes + b.bytes}; }

// Positions of 0 to n - 1 that are at most `window` from each other, in order.
int64_t pairs_within(int64_t n, int64_t window) {
  const int64_t reach = std::min(window, n - 1);  // to each side
  return n > 0 ? n * (2 * reach + 1) - reach * (reach + 1) : 0;
}

}  // namespace

BatchShape& BatchShape::operator+=(const BatchShape& other) {
  tokens += other.tokens;
  masked += other.masked;
  global_pairs += other.global_pairs;
  local_pairs += other.local_pairs;
  return *this;
}

BatchShape shape_of(const EncoderConfig& config, const std::vector<int32_t>& offsets_S1,
                    int64_t masked) {
  BatchShape shape{.masked = masked};
  for (size_t s = 0; s + 1 < offsets_S1.size(); ++s) {
    const int64_t length = offsets_S1[s + 1] - offsets_S1[s];
    shape.tokens += length;
    shape.global_pairs += length * length;
    shape.local_pairs += pairs_within(length, config.local_window / 2);
  }
  return shape;
}

std::string_view name_of(StepPart part) {
  switch (part) {
    case StepPart::kEmbedding:
      return "embedding";
    case StepPart::kNorms:
      return "norms";
    case StepPart::kQkv:
      return "qkv";
    case StepPart::kLocalAttention:
      return "local attention";
    case StepPart::kGlobalAttention:
      return "global attention";
    case StepPart::kAttentionOut:
      return "attention out";
    case StepPart::kMlpIn:
      return "mlp in";
    case StepPart::kGeglu:
      return "geglu";
    case StepPart::kMlpOut:
      return "mlp out";
    case StepPart::kHead:
      return "head";
    case StepPart::kDecoder:
      return "decoder";
    case StepPart::kOptimizer:
      return "optimizer";
  }
  throw Error(ErrorCode::kInternal, "a part of a step without a name");
}

Cost cost_of(StepPart part, const EncoderConfig& config, const BatchShape& shape) {
  const auto tokens = static_cast<double>(shape.tokens);
  const auto masked = static_cast<double>(shape.masked);
  const auto hidden = static_cast<double>(config.hidden);
  const auto intermediate = static_cast<double>(config.intermediate);
  const auto vocabulary = static_cast<double>(config.vocabulary);
  const auto layers = static_cast<double>(config.layers);
  const auto global_layers =
      static_cast<double>((config.layers + config.global_every - 1) / config.global_every);
  switch (part) {
    case StepPart::kEmbedding:
      // Backward: the rows again, the gradient, and the table's dense gradient, written once.
      return element_wise(2 * tokens * hidden, 2 * tokens * hidden + vocabulary * hidden);
    case StepPart::kNorms:
      return times(2 * layers, norm(tokens, hidden));  // no first one, but a final one
    case StepPart::kQkv:
      return times(layers, linear(tokens, hidden, 3 * hidden));
    case StepPart::kLocalAttention:
      return times(layers - global_layers,
                   attention(static_cast<double>(shape.local_pairs), tokens, hidden));
    case StepPart::kGlobalAttention:
      return times(global_layers,
                   attention(static_cast<double>(shape.global_pairs), tokens, hidden));
    case StepPart::kAttentionOut:
      return times(layers, linear(tokens, hidden, hidden, true));
    case StepPart::kMlpIn:
      return times(layers, linear(tokens, hidden, 2 * intermediate));
    case StepPart::kGeglu:
      return times(layers, element_wise(3 * tokens * intermediate, 5 * tokens * intermediate));
    case StepPart::kMlpOut:
      return times(layers, linear(tokens, intermediate, hidden, true));
    case StepPart::kHead:
      return element_wise(2 * masked * hidden, masked * hidden + tokens * hidden) +  // picked
             linear(masked, hidden, hidden) +
             element_wise(2 * masked * hidden, 3 * masked * hidden) + norm(masked, hidden);
    case StepPart::kDecoder:
      // Logits need not leave the cache: states and weight are read, and their gradients written.
      return {6 * masked * hidden * vocabulary,
              kFloat * 2 * (masked * hidden + vocabulary * hidden)};
    case StepPart::kOptimizer:
      // Zeroing writes the gradients, their norm reads them; the update reads w, g, m and v and
      // writes w, m and v.
      return element_wise(0, 9 * static_cast<double>(parameter_count(config)));
  }
  throw Error(ErrorCode::kInternal, "a part of a step without a cost");
}

double training_flops(const EncoderConfig& config, const BatchShape& shape) {
  double flops = 0;
  for (int part = 0; part < kStepParts; ++part) {
    flops += cost_of(static_cast<StepPart>(part), config, shape).flops;
  }
  return flops;
}

}  // namespace rexbert::nn
