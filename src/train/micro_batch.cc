#include "rexbert/train/micro_batch.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/eval/model_input.h"
#include "train/random_batch.h"

namespace rexbert::train {
namespace {

// Of the budget: allocators lose some, and predictions are off by some.
constexpr double kUsable = 0.9;

// "name: value kB" of a file under /proc, in bytes; 0 where it is not there.
double kilobytes_of(const char* file, const std::string& name) {
  std::ifstream lines(file);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with(name + ":")) return 1024 * std::stod(line.substr(name.size() + 1));
  }
  return 0;
}

// What the process's control group (version 2) leaves; infinite where it sets no limit.
double left_by_control_group() {
  double most = 0;
  double used = 0;
  const bool limited = (std::ifstream("/sys/fs/cgroup/memory.max") >> most) &&
                       (std::ifstream("/sys/fs/cgroup/memory.current") >> used);
  return limited ? most - used : std::numeric_limits<double>::infinity();
}

double peak_resident_bytes() {
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

// Forward and backward pass of `tokens` tokens. False where they do not fit into the device's
// memory, or into `budget` bytes of the machine's.
bool fits(nn::MaskedLanguageModel& model, const MicroBatchLimits& limits, int64_t tokens,
          double budget) {
  batch::PackedBatch batch =
      random_batch({.vocabulary = model.config().vocabulary,
                    .sequences = std::max<int64_t>(1, tokens / limits.longest_row),
                    .context_length = limits.longest_row,
                    .masked_share = limits.masked_share});
  bool enough = true;
  try {
    const eval::ModelInput input = eval::to_device(
        eval::view_training_batch(batch, {}, {.seed = 0, .step = 0, .first_row = 0}),
        model.device());
    model.loss(input.encoder, input.masked_M, input.targets_M).sum.backward();
  } catch (const c10::OutOfMemoryError&) {
    enough = false;
  }
  for (torch::Tensor& parameter : model.parameters()) parameter.mutable_grad() = torch::Tensor();
  return enough && (!model.device().is_cpu() || peak_resident_bytes() <= budget);
}

}  // namespace

double memory_budget(c10::Device device, int processes) {
  if (!device.is_cpu()) {
    auto* const allocator = at::getDeviceAllocator(device.type());
    constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto own = allocator->getDeviceStats(device.index()).allocated_bytes[kAll].current;
    return static_cast<double>(allocator->getMemoryInfo(device.index()).first) +
           static_cast<double>(own);
  }
  const double left =
      std::min(kilobytes_of("/proc/meminfo", "MemAvailable"), left_by_control_group());
  return left / processes + kilobytes_of("/proc/self/status", "VmRSS");
}

MicroBatchLimits limits_of(const plan::Plan& plan, int ranks) {
  MicroBatchLimits limits;
  for (const plan::PhaseSpan& span : plan.spans()) {
    if (span.first_step == span.end_step) continue;
    // Batches grow, and what is masked may fall, over a phase.
    for (const int64_t step : {span.first_step, span.end_step - 1}) {
      const plan::StepSpec spec = plan.at(step);
      limits.longest_row = std::max<int64_t>(limits.longest_row, spec.context_length);
      limits.most = std::max<int64_t>(limits.most, spec.rows / ranks * spec.context_length);
      limits.masked_share = std::max(limits.masked_share, spec.masking.probability);
    }
  }
  return limits;
}

MicroBatchPlan plan_micro_batch(const RunConfig& config, const plan::Plan& plan, int ranks) {
  const MicroBatchLimits limits = limits_of(plan, ranks);
  const nn::Precision precision = config.run.device_precision();
  int64_t tokens = config.data.micro_tokens;
  if (tokens == batch::kAutoMicroTokens) {
    const bool here = config.run.device == "cpu";
    tokens = here ? nn::largest_micro_batch(config.model, precision, limits.masked_share,
                                            kUsable * memory_budget(torch::kCPU, 1))
                  : 0;
  }
  tokens = std::clamp(tokens, limits.longest_row, std::max(limits.most, limits.longest_row));
  return {tokens, nn::predict_memory(config.model, precision, tokens, limits.masked_share)};
}

int64_t choose_micro_tokens(nn::MaskedLanguageModel& model, nn::Precision precision,
                            const MicroBatchLimits& limits, double budget) {
  const double usable = kUsable * budget;
  const int64_t predicted =
      nn::largest_micro_batch(model.config(), precision, limits.masked_share, usable);
  const auto need_of = [&](int64_t tokens) {
    return format_bytes(static_cast<uint64_t>(
        nn::predict_memory(model.config(), precision, tokens, limits.masked_share).total()));
  };
  if (predicted < limits.longest_row) {
    log::warning(str_cat("data.micro_tokens: a row of ", limits.longest_row,
                         " tokens is predicted to need ", need_of(limits.longest_row), " of ",
                         format_bytes(static_cast<uint64_t>(budget)), ": trying it"));
  }
  int64_t tokens =
      std::clamp(predicted, limits.longest_row, std::max(limits.most, limits.longest_row));
  while (!fits(model, limits, tokens, budget) && tokens > limits.longest_row) {
    tokens = std::max(limits.longest_row, tokens / 2);
  }
  log::info(str_cat("data.micro_tokens: auto is ", format_count(tokens), ": predicted to need ",
                    need_of(tokens), " of ", format_bytes(static_cast<uint64_t>(budget))));
  return tokens;
}

}  // namespace rexbert::train
