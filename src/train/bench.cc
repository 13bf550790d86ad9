#include "rexbert/train/bench.h"

#include <ATen/Parallel.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "rexbert/core/clock.h"
#include "rexbert/core/json.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "rexbert/eval/model_input.h"
#include "rexbert/nn/device.h"
#include "rexbert/nn/model.h"
#include "rexbert/optim/stable_adamw.h"
#include "train/consistency.h"

namespace rexbert::train {
namespace {

batch::PackedBatch random_batch(const TrainBenchOptions& options, uint64_t number) {
  KeyedRng rng(0, Purpose::kTest, number);
  constexpr int32_t kFirstWord = 5;
  constexpr int32_t kMask = 4;
  batch::PackedBatch batch;
  batch.offsets_S1.push_back(0);
  for (int64_t s = 0; s < options.sequences; ++s) {
    for (int64_t t = 0; t < options.context_length; ++t) {
      const auto words = static_cast<uint64_t>(options.model.vocabulary - kFirstWord);
      auto token = static_cast<int32_t>(kFirstWord + rng.next_below(words));
      if (rng.next_uniform() < options.masked_share) {
        batch.masked_M.push_back(static_cast<int32_t>(batch.tokens()));
        batch.targets_M.push_back(token);
        token = kMask;
      }
      batch.tokens_T.push_back(token);
      batch.positions_T.push_back(static_cast<int32_t>(t));
    }
    batch.offsets_S1.push_back(static_cast<int32_t>(batch.tokens()));
    batch.sample_S.push_back({});
    batch.row_S.push_back(s);
    batch.row_start_S.push_back(0);
  }
  batch.longest = static_cast<int32_t>(options.context_length);
  return batch;
}

double peak_memory_bytes(c10::Device device) {
  constexpr auto kAll = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  if (!device.is_cpu()) {
    const auto stats = at::getDeviceAllocator(device.type())->getDeviceStats(device.index());
    return static_cast<double>(stats.allocated_bytes[kAll].peak);
  }
  struct rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024;
}

// The least over the ranks of each value.
std::vector<double> least_of_ranks(const std::vector<double>& own, dist::ProcessGroup& group) {
  std::vector<double> least = own;
  for (const std::string& text : group.all_gather(Json(own).dump())) {
    const auto other = Json::parse(text).get<std::vector<double>>();
    for (size_t i = 0; i < least.size(); ++i) least[i] = std::min(least[i], other[i]);
  }
  return least;
}

}  // namespace

double TrainBenchResult::median_seconds() const { return median(seconds); }
double TrainBenchResult::median_waited_seconds() const { return median(waited_seconds); }
double TrainBenchResult::median_exposed_seconds() const { return median(exposed_seconds); }

TrainBenchResult bench_train(const TrainBenchOptions& options, dist::ProcessGroup& group) {
  using Clock = std::chrono::steady_clock;
  const auto cores = static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(options.threads > 0 ? options.threads : cores);
  const c10::Device device =
      nn::use_device(options.device, options.deterministic, options.device_index);
  const auto first_number = static_cast<uint64_t>(group.rank()) << 32;
  nn::MaskedLanguageModel model(options.model);
  model.to(device);
  model.set_precision(options.precision);
  nn::initialize(model, 0);
  optim::StableAdamW optimizer(model.named_parameters(),
                               optim::StableAdamWOptions{.max_learning_rate = 1e-4});
  const auto reducer = group.reducer(model.parameters(), options.reducer);
  TrainBenchResult result;
  for (int step = 0; step <= options.warmup_steps + options.steps; ++step) {
    batch::PackedBatch batch = random_batch(options, first_number + static_cast<uint64_t>(step));
    const eval::ModelInput host_input = eval::view_training_batch(
        batch, {160'000, 10'000}, {.seed = 0, .step = step, .first_row = 0});
    const Clock::time_point start = Clock::now();
    const eval::ModelInput input = eval::to_device(host_input, device);
    optimizer.zero_grad();
    const nn::MlmLoss loss = model.loss(input.encoder, input.masked_M, input.targets_M);
    const torch::Tensor mean = loss.sum / static_cast<double>(loss.count);
    if (step == 0) {
      reducer->settle(mean);
      continue;
    }
    reducer->backward(mean, true);
    optimizer.step(1e-4, 1e-5);
    // Last, because the host waits here for all that the GPU has been given.
    result.loss = loss.sum.item<double>() / static_cast<double>(loss.count);
    const double seconds = seconds_since(start);
    if (step <= options.warmup_steps) continue;
    result.seconds.push_back(seconds);
    result.waited_seconds.push_back(reducer->exposed_seconds());
  }
  result.exposed_seconds = least_of_ranks(result.waited_seconds, group);
  result.weights_hash = str_join(hash_parameters(model), "");
  result.peak_memory_gib = peak_memory_bytes(device) / (1 << 30);
  return result;
}

}  // namespace rexbert::train
