#include "rexbert/train/micro_batch.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/CachingDeviceAllocator.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <algorithm>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <string_view>

#include "rexbert/core/env.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/eval/model_input.h"
#include "train/random_batch.h"

namespace rexbert::train {
namespace {

// Of the budget: allocators lose some, and predictions are off by some.
constexpr double kUsable = 0.9;
constexpr auto kAllPools = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);

// "name: value kB" of a file under /proc, in bytes; 0 where it is not there.
double kilobytes_of(const char* file, const std::string& name) {
  std::ifstream lines(file);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.starts_with(name + ":")) return 1024 * std::stod(line.substr(name.size() + 1));
  }
  return 0;
}

double number_in(const fs::path& file) {
  double number = 0;
  return std::ifstream(file) >> number ? number : std::numeric_limits<double>::quiet_NaN();
}

// Of a control group's file memory.stat: pages of files, which go where memory is needed.
double reclaimable_in(const fs::path& folder) {
  std::ifstream lines(folder / "memory.stat");
  std::string name;
  double value = 0;
  while (lines >> name >> value) {
    if (name == "inactive_file" || name == "total_inactive_file") return value;
  }
  return 0;
}

// What the control groups from `group` up to `root` leave; infinite where none has a limit.
double left_by_groups(const fs::path& root, fs::path group, const char* most, const char* used) {
  double left = std::numeric_limits<double>::infinity();
  while (true) {
    const fs::path folder = root / group.relative_path();
    const double limit = number_in(folder / most);  // "max" is no number
    const double taken = number_in(folder / used) - reclaimable_in(folder);
    if (limit - taken < left) left = limit - taken;
    if (!group.has_relative_path()) return left;
    group = group.parent_path();
  }
}

// Lines of /proc/self/cgroup: "0::/path" of version 2, "9:memory:/path" of version 1.
double left_by_control_groups() {
  double left = std::numeric_limits<double>::infinity();
  std::ifstream lines("/proc/self/cgroup");
  std::string line;
  while (std::getline(lines, line)) {
    const size_t first = line.find(':');
    const size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path group = line.substr(second + 1);
    if (controllers.empty()) {
      left =
          std::min(left, left_by_groups("/sys/fs/cgroup", group, "memory.max", "memory.current"));
    } else if (controllers.find("memory") != std::string::npos) {
      left = std::min(left, left_by_groups("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes",
                                           "memory.usage_in_bytes"));
    }
  }
  return left;
}

bool is_out_of_memory(const std::exception& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         dynamic_cast<const std::bad_alloc*>(&error) != nullptr ||
         std::string_view(error.what()).find("not enough memory") != std::string_view::npos;
}

// The most memory that the process, or its tensors on a GPU, have had since this was made.
class Peak {
 public:
  explicit Peak(c10::Device device) : device_(device) {
    if (!device_.is_cpu()) {
      at::getDeviceAllocator(device_.type())->resetPeakStats(device_.index());
      return;
    }
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
    std::ofstream("/proc/self/clear_refs") << 5;  // VmHWM begins again
  }

  double bytes() const {
    if (device_.is_cpu()) return kilobytes_of("/proc/self/status", "VmHWM");
    const auto stats = at::getDeviceAllocator(device_.type())->getDeviceStats(device_.index());
    return static_cast<double>(stats.reserved_bytes[kAllPools].peak);
  }

 private:
  c10::Device device_;
};

// Whether forward and backward pass of `tokens` tokens keep within `budget` bytes.
bool fits(nn::MaskedLanguageModel& model, const MicroBatchLimits& limits, int64_t tokens,
          double budget) {
  batch::PackedBatch batch = random_batch({.vocabulary = model.config().vocabulary,
                                           .sequences = tokens / limits.longest_row,
                                           .context_length = limits.longest_row,
                                           .masked_share = limits.masked_share});
  const Peak peak(model.device());
  bool enough = true;
  // Of every step but the first, gradients are there before it begins.
  for (torch::Tensor& parameter : model.parameters()) {
    parameter.mutable_grad() = torch::zeros_like(parameter);
  }
  try {
    const eval::ModelInput input = eval::to_device(
        eval::view_training_batch(batch, {}, {.seed = 0, .step = 0, .first_row = 0}),
        model.device());
    model.loss(input.encoder, input.masked_M, input.targets_M).sum.backward();
  } catch (const std::exception& error) {
    if (!is_out_of_memory(error)) throw;
    enough = false;
  }
  for (torch::Tensor& parameter : model.parameters()) parameter.mutable_grad() = torch::Tensor();
  return enough && peak.bytes() <= budget;
}

int64_t whole_rows(int64_t tokens, const MicroBatchLimits& limits) {
  return std::max<int64_t>(1, tokens / limits.longest_row) * limits.longest_row;
}

}  // namespace

double memory_budget(c10::Device device, int processes) {
  if (!device.is_cpu()) {
    auto* const allocator = at::getDeviceAllocator(device.type());
    const auto own = allocator->getDeviceStats(device.index()).reserved_bytes[kAllPools].current;
    return static_cast<double>(allocator->getMemoryInfo(device.index()).first) +
           static_cast<double>(own);
  }
  const double left =
      std::min(kilobytes_of("/proc/meminfo", "MemAvailable"), left_by_control_groups());
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
  nn::MemoryQuery query{.precision = config.run.device_precision(),
                        .on_gpu = config.run.device != "cpu",
                        .tokens = config.data.micro_tokens,
                        .masked_share = limits.masked_share};
  const bool is_settled = query.tokens != batch::kAutoMicroTokens;
  if (!is_settled && !query.on_gpu) {
    query.tokens =
        nn::largest_micro_batch(config.model, query, kUsable * memory_budget(torch::kCPU, 1));
  }
  query.tokens = std::min(whole_rows(query.tokens, limits), whole_rows(limits.most, limits));
  return {query.tokens, is_settled, nn::predict_memory(config.model, query)};
}

int64_t choose_micro_tokens(nn::MaskedLanguageModel& model, nn::Precision precision,
                            const MicroBatchLimits& limits, double budget) {
  nn::MemoryQuery query{.precision = precision,
                        .on_gpu = !model.device().is_cpu(),
                        .masked_share = limits.masked_share};
  const int64_t predicted = nn::largest_micro_batch(model.config(), query, kUsable * budget);
  if (predicted < limits.longest_row) {
    query.tokens = limits.longest_row;
    const double need = nn::predict_memory(model.config(), query).total();
    log::warning(str_cat("data.micro_tokens: a row of ", limits.longest_row,
                         " tokens is predicted to need ", format_bytes(static_cast<uint64_t>(need)),
                         " of ", format_bytes(static_cast<uint64_t>(budget)), ": trying it"));
  }
  int64_t tokens = std::min(whole_rows(predicted, limits), whole_rows(limits.most, limits));
  while (!fits(model, limits, tokens, budget) && tokens > limits.longest_row) {
    tokens = whole_rows(tokens / 2, limits);
  }
  return tokens;
}

}  // namespace rexbert::train
