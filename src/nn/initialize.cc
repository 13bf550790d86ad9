#include <cmath>
#include <string_view>

#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/nn/model.h"

namespace rexbert::nn {
namespace {

constexpr double kCutoff = 2.0;  // standard deviations

double polynomial(double x, std::initializer_list<double> coefficients) {
  double value = 0;
  for (const double coefficient : coefficients) value = value * x + coefficient;
  return value;
}

// The normal distribution's quantile for probabilities whose quantile is within [-5, 5]: Wichura,
// "Algorithm AS 241" (1988), PPND16 without its far tail.
double normal_quantile(double probability) {
  const double q = probability - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q *
           polynomial(r, {2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
                          45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
                          133.14166789178437745, 3.387132872796366608}) /
           polynomial(r, {5226.495278852545925, 28729.085735721942674, 39307.89580009271061,
                          21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
                          42.313330701600911252, 1.0});
  }
  const double r = std::sqrt(-std::log(q < 0 ? probability : 1.0 - probability)) - 1.6;
  const double tail =
      polynomial(r, {7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
                     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
                     4.6303378461565452959, 1.42343711074968357734}) /
      polynomial(r, {1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
                     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
                     2.05319162663775882187, 1.0});
  return q < 0 ? -tail : tail;
}

torch::Tensor truncated_normal(torch::IntArrayRef sizes, uint64_t seed, std::string_view name,
                               double std) {
  const double lowest = 0.5 * std::erfc(kCutoff / std::sqrt(2.0));
  KeyedRng rng(seed, Purpose::kInitialization, hash64(name));
  const auto drawn = torch::empty(sizes, torch::kFloat32);
  float* values = drawn.data_ptr<float>();
  for (int64_t i = 0; i < drawn.numel(); ++i) {
    const double probability = lowest + (1.0 - 2.0 * lowest) * rng.next_uniform();
    values[i] = static_cast<float>(std * normal_quantile(probability));
  }
  return drawn;
}

}  // namespace

void initialize(MaskedLanguageModel& model, uint64_t seed) {
  torch::NoGradGuard no_grad;
  const EncoderConfig& config = model.config();
  const double residual_std = config.init_std / std::sqrt(2.0 * static_cast<double>(config.layers));
  for (auto& item : model.named_parameters()) {
    const std::string_view name = item.key();
    torch::Tensor& parameter = item.value();
    if (parameter.dim() == 1) {
      parameter.fill_(name.ends_with("bias") ? 0.0 : 1.0);
    } else {
      parameter.copy_(
          truncated_normal(parameter.sizes(), seed, name,
                           name.ends_with("Wo.weight") ? residual_std : config.init_std));
    }
  }
}

}  // namespace rexbert::nn
