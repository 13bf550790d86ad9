#include "rexbert/ops/ceiling.h"

#include <c10/core/impl/VirtualGuardImpl.h>

#include <algorithm>
#include <chrono>

#include "rexbert/core/clock.h"

namespace rexbert::ops {
namespace {

// The best of `repeats` runs of `body` after one that does not count.
template <typename Body>
double best_seconds(c10::Device device, int repeats, const Body& body) {
  const auto run = [&] {
    const auto start = std::chrono::steady_clock::now();
    body();
    if (!device.is_cpu()) {
      c10::impl::VirtualGuardImpl(device.type()).synchronizeDevice(device.index());
    }
    return seconds_since(start);
  };
  run();
  double best = run();
  for (int i = 1; i < repeats; ++i) best = std::min(best, run());
  return best;
}

}  // namespace

double measure_product_ceiling(c10::Device device, torch::ScalarType type, int repeats) {
  torch::NoGradGuard no_grad;
  const int64_t size = device.is_cpu() ? 1024 : 8192;
  // Of all kinds of numbers: equal ones take a GPU less power, and so less time.
  const auto a =
      torch::linspace(-1, 1, size * size, torch::TensorOptions(device)).to(type).view({size, size});
  const auto b = a.t().contiguous();
  auto product = torch::empty_like(a);
  const double seconds = best_seconds(device, repeats, [&] { at::mm_out(product, a, b); });
  const auto edge = static_cast<double>(size);
  return 2 * edge * edge * edge / seconds;
}

double measure_copy_ceiling(c10::Device device, int repeats) {
  torch::NoGradGuard no_grad;
  const int64_t floats = int64_t{1} << (device.is_cpu() ? 26 : 28);
  const auto options = torch::TensorOptions(device).dtype(torch::kFloat32);
  const auto from = torch::ones({floats}, options);
  auto to = torch::empty({floats}, options);
  const double seconds = best_seconds(device, repeats, [&] { to.copy_(from); });
  return 8 * static_cast<double>(floats) / seconds;
}

}  // namespace rexbert::ops
