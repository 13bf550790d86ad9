#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/run_options.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/ops/memory.h"
#include "rexbert/tasks/suite.h"
#include "rexbert/train/run.h"
#include "rexbert/train/signals.h"

namespace rexbert::cli {
namespace {

void train(const RunConfigOptions& options, train::RunRequest request) {
  const auto loaded = train::load_run_config(Env::posix(), options.config, options.overrides);
  ops::keep_freed_memory();
  const train::StopSignals signals;
  request.stop_requested = train::StopSignals::received;
  request.check_suite = [&config = loaded.config] {
    tasks::check_suite_files(Env::posix(),
                             tasks::load_suite_options(Env::posix(), config.evaluation.suite),
                             config.tokenizer.path);
  };
  request.score_suite = [](const train::SuiteJob& job) {
    return tasks::score_for_training(Env::posix(), job);
  };
  const train::RunEnd end = train::run_training(Env::posix(), loaded, request);
  if (end == train::RunEnd::kFinished) {
    log::info("done: the model lies in " + loaded.config.run.directory + "/checkpoints");
  } else if (end == train::RunEnd::kInterrupted) {
    throw Error(ErrorCode::kInterrupted,
                "stopped by a signal, with a checkpoint; the same command goes on from there");
  }
}

}  // namespace

void add_train_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("train", "Train as a config says");
  const auto options = std::make_shared<RunConfigOptions>();
  const auto request = std::make_shared<train::RunRequest>();
  options->add_to(*command);
  command
      ->add_option(
          "--resume", request->resume,
          "auto: from the newest whole checkpoint, else from the beginning; none: from the "
          "beginning; or a checkpoint folder")
      ->capture_default_str();
  command
      ->add_option("--stop-at-step", request->stop_at_step,
                   "Stop after this step with a checkpoint")
      ->check(CLI::NonNegativeNumber);
  dist::LaunchFlags& launch = request->launch;
  command->add_option("--rank", launch.rank, "This process's number, where no launcher says it")
      ->group("Several processes")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--world-size", launch.world_size, "How many processes there are")
      ->group("Several processes")
      ->check(CLI::PositiveNumber);
  command->add_option("--local-rank", launch.local_rank, "This process's number on its machine")
      ->group("Several processes")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--rendezvous", launch.rendezvous, "host:port at which the processes meet")
      ->group("Several processes");
  command->callback([options, request] { train(*options, *request); });
  command->footer(
      "Examples:\n"
      "  rexbert train --config configs/base/phase1.yaml\n"
      "  rexbert train --config phase1.yaml --set streams.general.path=DIR --set "
      "phases.0.tokens=10M\n"
      "  torchrun --no-python --nproc-per-node 8 rexbert train --config phase1.yaml");
}

}  // namespace rexbert::cli
