#pragma once

#include <map>
#include <string>

#include "rexbert/core/json.h"
#include "rexbert/nn/model.h"

// A parity case as tools/oracle/parity_case.py writes it, and our model measured against it.
namespace rexbert::nn {

// Tolerances of the issue: correct float32 stays near 1e-6 against a float64 reference.
inline constexpr double kLogitTolerance = 1e-5;     // absolute
inline constexpr double kGradientTolerance = 1e-5;  // ||difference|| / ||reference||
inline constexpr double kStepLossTolerance = 1e-5;  // absolute

struct ParityCase {
  Json shape;
  std::map<std::string, torch::Tensor> tensors;

  EncoderConfig config() const;
  EncoderInput input() const;
  const torch::Tensor& operator[](const std::string& name) const { return tensors.at(name); }
};

ParityCase read_parity_case(const std::string& path);

// The case's weights, drawn as parity_case.py describes.
void draw_weights(MaskedLanguageModel& model, uint64_t seed);

double logit_error(const ParityCase& parity, const torch::Tensor& logits);
// The largest relative gradient error, and whose it is.
struct GradientError {
  double largest = 0;
  std::string parameter;
};
GradientError gradient_error(const ParityCase& parity, MaskedLanguageModel& model);

}  // namespace rexbert::nn
