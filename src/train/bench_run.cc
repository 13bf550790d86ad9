#include "train/bench_run.h"

#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/eval/model_input.h"
#include "rexbert/nn/device.h"
#include "rexbert/nn/step_profile.h"
#include "train/random_batch.h"

namespace rexbert::train {
namespace {

c10::Device prepare(const TrainBenchOptions& options) {
  const auto cores = static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(options.threads > 0 ? options.threads : cores);
  return nn::use_device(options.device, options.deterministic, options.device_index);
}

}  // namespace

BenchRun::BenchRun(const TrainBenchOptions& options, dist::ProcessGroup& group)
    : options_(options),
      first_number_(static_cast<uint64_t>(group.rank()) << 32),
      model_(options.model) {
  const c10::Device device = prepare(options);
  model_.to(device);
  model_.set_precision(options.precision);
  nn::initialize(model_, 0);
  optimizer_ = std::make_unique<optim::StableAdamW>(
      model_.named_parameters(), optim::StableAdamWOptions{.max_learning_rate = 1e-4});
  reducer_ = group.reducer(model_.parameters(), options.reducer);
  batch::PackedBatch batch = next_batch();
  const eval::ModelInput input = eval::to_device(
      eval::view_training_batch(batch, {160'000, 10'000}, {.seed = 0, .step = 0, .first_row = 0}),
      device);
  optimizer_->zero_grad();
  const nn::MlmLoss loss = model_.loss(input.encoder, input.masked_M, input.targets_M);
  reducer_->settle(loss.sum / static_cast<double>(loss.count));
}

batch::PackedBatch BenchRun::next_batch() {
  if (options_.source) {
    ++steps_;
    std::vector<batch::PackedBatch> batches = options_.source->next().micro_batches;
    if (batches.size() == 1) return std::move(batches.front());
    throw Error(ErrorCode::kUsage,
                str_cat("bench: expected one micro-batch a step, got ", batches.size()));
  }
  return random_batch({.vocabulary = options_.model.vocabulary,
                       .sequences = options_.sequences,
                       .context_length = options_.context_length,
                       .masked_share = options_.masked_share,
                       .number = first_number_ + static_cast<uint64_t>(steps_++)});
}

double BenchRun::peak_memory_gib() const {
  double bytes = 0;
  if (device().is_cpu()) {
    struct rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    bytes = static_cast<double>(usage.ru_maxrss) * 1024;
  } else {
    constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
    const auto stats = at::getDeviceAllocator(device().type())->getDeviceStats(device().index());
    bytes = static_cast<double>(stats.allocated_bytes[kAll].peak);
  }
  return bytes / (1 << 30);
}

double BenchRun::step() {
  const int64_t number = steps_;
  const auto asked = std::chrono::steady_clock::now();
  batch::PackedBatch batch = next_batch();
  data_wait_seconds_ = options_.source ? seconds_since(asked) : 0;
  shape_ =
      nn::shape_of(options_.model, batch.offsets_S1, static_cast<int64_t>(batch.masked_M.size()));
  const eval::ModelInput host_input = eval::view_training_batch(
      batch, {160'000, 10'000}, {.seed = 0, .step = number, .first_row = 0});
  const auto start = std::chrono::steady_clock::now();
  const eval::ModelInput input = eval::to_device(host_input, device());
  nn::in_part(nn::StepPart::kOptimizer, [&] { optimizer_->zero_grad(); });
  const nn::MlmLoss loss = model_.loss(input.encoder, input.masked_M, input.targets_M);
  reducer_->backward(loss.sum / static_cast<double>(loss.count), true);
  nn::in_part(nn::StepPart::kOptimizer, [&] {
    optimizer_->gradient_norm_tensor();
    optimizer_->step(1e-4, 1e-5);
  });
  // Last, because the host waits here for all that the GPU has been given.
  loss_ = loss.sum.item<double>() / static_cast<double>(loss.count);
  return data_wait_seconds_ + seconds_since(start);
}

}  // namespace rexbert::train
