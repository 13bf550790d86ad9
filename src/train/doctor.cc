#include "rexbert/train/doctor.h"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/dist/bench.h"
#include "rexbert/nn/device.h"
#include "rexbert/nn/model.h"
#include "rexbert/optim/stable_adamw.h"
#include "rexbert/train/bench.h"
#include "train/consistency.h"
#include "train/rank_times.h"

namespace rexbert::train {
namespace {

using Clock = std::chrono::steady_clock;

nn::EncoderConfig small_model() {
  nn::EncoderConfig model = nn::preset("micro");
  model.vocabulary = 4096;
  model.attention_dropout_out = 0;
  return model;
}

TrainBenchOptions small_run(const DoctorOptions& options) {
  TrainBenchOptions bench;
  bench.model = small_model();
  bench.sequences = 4;
  bench.context_length = 128;
  bench.warmup_steps = 1;
  bench.steps = options.steps;
  bench.threads = at::get_num_threads();
  bench.device = options.device;
  bench.device_index = options.device_index;
  return bench;
}

Finding equal_bits(dist::ProcessGroup& group, const std::string& what, const std::string& bits) {
  const auto by_rank = group.all_gather(bits);
  std::vector<std::vector<std::string>> hashes;
  for (const std::string& hash : by_rank) hashes.push_back({hash});
  const std::string odd = odd_ranks({"the weights"}, hashes);
  return {what, odd.empty() ? "equal" : odd + " differ", odd.empty()};
}

Finding bandwidth(dist::ProcessGroup& group, const DoctorOptions& options, c10::Device device,
                  int64_t bytes) {
  const auto times = dist::bench_all_reduce(group, at::TensorOptions(device), bytes, options.steps);
  return {str_cat("sum of ", bytes >> 20, " MiB over the ranks"),
          str_printf("%.1f ms, bus bandwidth %.2f GB/s", 1e3 * times.median_seconds(),
                     times.bus_bandwidth(group.world_size()) / 1e9)};
}

// The last rank computes four times as much: its own work must stand out.
Finding planted_slow_rank(dist::ProcessGroup& group, const DoctorOptions& options) {
  const bool slow = group.rank() == group.world_size() - 1;
  TrainBenchOptions bench = small_run(options);
  if (slow) bench.sequences *= 4;
  const TrainBenchResult result = bench_train(bench, group);
  const RankTimes own{result.median_seconds(), 0, result.median_waited_seconds(), "here"};
  std::vector<RankTimes> by_rank;
  for (const std::string& text : group.all_gather(own.to_json().dump())) {
    by_rank.push_back(RankTimes::from_json(Json::parse(text)));
  }
  const auto named = slow_ranks(by_rank);
  const std::string expected = str_cat("rank ", group.world_size() - 1, " ");
  const bool good = named.size() == 1 && named.front().starts_with(expected);
  return {"a slow rank is named", good ? named.front() : "not named: " + str_join(named, "; "),
          good};
}

Finding planted_difference(dist::ProcessGroup& group, std::vector<std::string> hashes) {
  if (group.rank() == group.world_size() - 1) hashes[1] = "another";
  std::vector<std::vector<std::string>> by_rank;
  for (const std::string& text : group.all_gather(str_join(hashes, " "))) {
    by_rank.push_back(str_split(text, ' '));
  }
  const std::string odd = odd_ranks({"the first weight", "the second weight"}, by_rank);
  const std::string expected = str_cat("the second weight on rank ", group.world_size() - 1);
  return {"a weight that differs is named", odd, odd == expected};
}

Finding lost_rank(dist::ProcessGroup& group) {
  group.barrier();
  if (group.rank() == group.world_size() - 1) raise(SIGKILL);
  const Clock::time_point start = Clock::now();
  std::string error;
  try {
    while (true) group.barrier();
  } catch (const Error& lost) {
    error = lost.what();
  }
  const double seconds = seconds_since(start);
  return {"a rank that is killed is noticed", str_printf("after %.1f s: ", seconds) + error,
          error.find(str_cat("rank ", group.world_size() - 1, " does not answer")) !=
              std::string::npos};
}

}  // namespace

std::vector<Finding> examine(dist::ProcessGroup& group, const DoctorOptions& options) {
  if (group.world_size() < 2) {
    throw Error(ErrorCode::kUsage,
                "doctor dist: expected several processes, got one; start it by a launcher: "
                "torchrun --no-python --nproc-per-node 4 rexbert doctor dist");
  }
  const c10::Device device = nn::use_device(options.device, true, options.device_index);
  std::vector<Finding> findings;
  TrainBenchOptions bench = small_run(options);
  const TrainBenchResult first = bench_train(bench, group);
  const TrainBenchResult second = bench_train(bench, group);
  findings.push_back(equal_bits(group, "weights on all ranks after training", first.weights_hash));
  findings.push_back({"weights of a second run",
                      second.weights_hash == first.weights_hash ? "equal" : "other bits",
                      second.weights_hash == first.weights_hash});
  for (const int64_t bytes : {int64_t{1} << 20, int64_t{16} << 20, int64_t{64} << 20}) {
    findings.push_back(bandwidth(group, options, device, bytes));
  }
  bench.reducer.overlap = false;
  const TrainBenchResult apart = bench_train(bench, group);
  findings.push_back(
      {"sums of gradients that nothing hides",
       str_printf("%.1f ms of a step of %.1f ms; without overlap %.1f ms of %.1f ms",
                  1e3 * first.median_exposed_seconds(), 1e3 * first.median_seconds(),
                  1e3 * apart.median_exposed_seconds(), 1e3 * apart.median_seconds())});
  findings.push_back({"weights without overlap",
                      apart.weights_hash == first.weights_hash ? "equal" : "other bits",
                      apart.weights_hash == first.weights_hash});
  findings.push_back(planted_difference(group, {first.weights_hash, first.weights_hash}));
  if (group.world_size() > 2) findings.push_back(planted_slow_rank(group, options));
  if (options.lose_a_rank) findings.push_back(lost_rank(group));
  return findings;
}

}  // namespace rexbert::train
