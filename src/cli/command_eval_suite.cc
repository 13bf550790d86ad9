#include "cli/command_eval_suite.h"

#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/dist/launch.h"
#include "rexbert/ops/memory.h"
#include "rexbert/tasks/suite.h"
#include "rexbert/tasks/suite_report.h"

namespace rexbert::cli {
namespace {

struct Options {
  std::vector<std::string> checkpoints;
  std::string config;
  std::string output;
  std::vector<std::string> overrides;
  int32_t threads = 0;
};

void show_report(Env& env, const fs::path& folder) {
  const fs::path table = folder / "results.md";
  std::printf("%s", env.read_file(table).c_str());
  log::info("the same as JSON and HTML beside " + table.string());
}

void run(const Options& options) {
  Env& env = Env::posix();
  tasks::SuiteRequest request;
  request.options = tasks::load_suite_options(env, options.config, options.overrides);
  for (const std::string& text : options.checkpoints) {
    request.checkpoints.push_back(
        with_context("--checkpoint", [&] { return tasks::parse_suite_checkpoint(env, text); }));
  }
  request.output = options.output;
  at::set_num_threads(options.threads > 0 ? options.threads : dist::threads_of({}));
  ops::keep_freed_memory();
  tasks::run_suite(env, request);
  show_report(env, request.output);
}

void merge(const std::vector<std::string>& files, const std::string& output) {
  Env& env = Env::posix();
  std::vector<tasks::SuiteResults> parts;
  for (const std::string& file : files) {
    parts.push_back(tasks::parse_suite_results(env.read_file(file), file));
  }
  tasks::write_suite_report(env, output, tasks::merge(parts, files));
  show_report(env, output);
}

}  // namespace

void add_eval_suite_commands(CLI::App& eval) {
  CLI::App* suite = eval.add_subcommand(
      "suite", "Fine-tune and score checkpoints on many tasks, side by side, over several seeds");
  const auto options = std::make_shared<Options>();
  suite
      ->add_option("--checkpoint", options->checkpoints,
                   "DIR, NAME=DIR or NAME=random:DIR (its shape with random weights); a run "
                   "directory stands for its newest checkpoint; several may be given")
      ->required();
  suite->add_option("--config", options->config, "What is to be measured, as YAML")->required();
  suite->add_option("--output", options->output, "Folder of the results; what is done there stays")
      ->required();
  suite->add_option("--set", options->overrides, "Override a value: tasks.queryner.epochs=[1]");
  suite->add_option("--threads", options->threads, "Threads of the CPU's kernels; 0: all cores")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  suite->callback([options] { run(*options); });
  suite->footer(
      "Example: rexbert eval suite --checkpoint mine=runs/base --checkpoint theirs=models/other "
      "--config configs/eval/ecommerce.yaml --output results/ecommerce");

  CLI::App* report = eval.add_subcommand(
      "report", "Put the results of several suites together, of other checkpoints, tasks or seeds");
  const auto files = std::make_shared<std::vector<std::string>>();
  const auto output = std::make_shared<std::string>();
  report->add_option("results", *files, "Files results.json")->required();
  report->add_option("--output", *output, "Folder of the report")->required();
  report->callback([files, output] { merge(*files, *output); });
  report->footer(
      "Example: rexbert eval report seed1/results.json seed2/results.json --output results");

  CLI::App* docs =
      eval.add_subcommand("docs", "Print the reference of the suite's configuration as Markdown");
  docs->footer("Example: rexbert eval docs > evaluation-configuration.md");
  docs->callback([] { std::fputs(tasks::suite_reference().c_str(), stdout); });
}

}  // namespace rexbert::cli
