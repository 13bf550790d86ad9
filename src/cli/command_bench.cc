#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/bench_commands.h"
#include "cli/commands.h"
#include "rexbert/core/json.h"
#include "rexbert/dist/bench.h"
#include "rexbert/nn/device.h"

namespace rexbert::cli {
namespace {

struct AllReduceArguments {
  std::string device = "cpu";
  uint64_t least = 1 << 10;
  uint64_t most = 64 << 20;
  int repeats = 20;
  bool json = false;
};

void bench_all_reduce(const AllReduceArguments& arguments) {
  const dist::Launch launch = dist::discover_launch({});
  const auto group = dist::connect(launch, {.device = arguments.device});
  const c10::Device device = nn::use_device(arguments.device, false, launch.local_rank);
  const bool first = launch.rank == 0;
  if (first && !arguments.json) {
    std::printf("%d ranks, float32, median of %d\n%14s %12s %14s %14s\n", launch.world_size,
                arguments.repeats, "bytes", "time us", "algbw GB/s", "busbw GB/s");
  }
  for (uint64_t bytes = arguments.least; bytes <= arguments.most; bytes *= 4) {
    const dist::AllReduceTimes times = dist::bench_all_reduce(
        *group, at::TensorOptions(device), static_cast<int64_t>(bytes), arguments.repeats);
    if (!first) continue;
    const double algorithm = times.algorithm_bandwidth() / 1e9;
    const double bus = times.bus_bandwidth(launch.world_size) / 1e9;
    if (arguments.json) {
      const Json line = {{"ranks", launch.world_size},
                         {"bytes", times.bytes},
                         {"seconds", times.median_seconds()},
                         {"algorithm_gigabytes_per_second", algorithm},
                         {"bus_gigabytes_per_second", bus}};
      std::printf("%s\n", line.dump().c_str());
    } else {
      std::printf("%14lld %12.1f %14.3f %14.3f\n", static_cast<long long>(times.bytes),
                  1e6 * times.median_seconds(), algorithm, bus);
    }
  }
}

}  // namespace

void add_bench_all_reduce(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "allreduce", "Sums over the ranks of a launcher, as nccl-tests measures them");
  const auto arguments = std::make_shared<AllReduceArguments>();
  command->add_option("--device", arguments->device, "Where the tensors lie")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--from", arguments->least, "Smallest tensor, bytes")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{4}, uint64_t{1} << 40));
  command->add_option("--to", arguments->most, "Largest tensor, bytes; each is four times the last")
      ->capture_default_str();
  command->add_option("--repeats", arguments->repeats, "Timed sums of each size")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", arguments->json, "Print JSON, a line a size");
  command->callback([arguments] { bench_all_reduce(*arguments); });
  command->footer("Example: torchrun --no-python --nproc-per-node 4 rexbert bench allreduce");
}

void add_bench_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("bench", "Time the parts on this machine");
  command->require_subcommand(1);
  add_bench_train(*command);
  add_bench_step(*command);
  add_bench_op(*command);
  add_bench_loader(*command);
  add_bench_tokenize(*command);
  add_bench_all_reduce(*command);
}

}  // namespace rexbert::cli
