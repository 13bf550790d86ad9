#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "rexbert/core/error.h"
#include "rexbert/train/doctor.h"

namespace rexbert::cli {
namespace {

struct Arguments {
  train::DoctorOptions doctor;
  double timeout = 60;
};

void doctor_dist(Arguments arguments) {
  const dist::Launch launch = dist::discover_launch({});
  arguments.doctor.device_index = launch.local_rank;
  at::set_num_threads(dist::threads_of(launch));
  dist::GroupOptions options;
  options.device = arguments.doctor.device;
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(1000 * arguments.timeout));
  const auto group = dist::connect(launch, options);
  const auto findings = train::examine(*group, arguments.doctor);
  const auto bad = std::count_if(findings.begin(), findings.end(),
                                 [](const train::Finding& finding) { return !finding.good; });
  if (launch.rank == 0) {
    std::printf("%d ranks, %d on each machine, launched by %s\n", launch.world_size,
                launch.local_world_size, launch.launcher.c_str());
    for (const train::Finding& finding : findings) {
      std::printf("%-4s  %-40s  %s\n", finding.good ? "ok" : "BAD", finding.what.c_str(),
                  finding.result.c_str());
    }
    std::fflush(stdout);
  }
  if (bad > 0) {
    throw Error(ErrorCode::kPeer, "doctor dist: something is not as it must be: see above");
  }
  if (arguments.doctor.lose_a_rank) std::_Exit(0);  // what the lost rank leaves never ends
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("doctor", "Check what a run will stand on");
  command->require_subcommand(1);
  CLI::App* dist = command->add_subcommand(
      "dist", "The processes of a launcher: equal bits, speed of sums, overlap, lost ranks");
  const auto arguments = std::make_shared<Arguments>();
  dist->add_option("--device", arguments->doctor.device, "Where tensors lie")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  dist->add_option("--steps", arguments->doctor.steps, "Steps and sums of each measurement")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  dist->add_option("--timeout", arguments->timeout, "Seconds that a collective may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  dist->add_flag("--lose-a-rank", arguments->doctor.lose_a_rank,
                 "Kill the last rank at the end, to see that the others notice");
  dist->callback([arguments] { doctor_dist(*arguments); });
  dist->footer("Example: torchrun --no-python --nproc-per-node 4 rexbert doctor dist");
}

}  // namespace rexbert::cli
