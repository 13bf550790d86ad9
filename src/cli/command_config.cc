#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/run_options.h"
#include "rexbert/train/run_config.h"

namespace rexbert::cli {

void add_config_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("config", "Check, print and document configs");
  command->require_subcommand(1);
  const auto options = std::make_shared<RunConfigOptions>();

  CLI::App* check =
      command->add_subcommand("check", "Read a config and report everything wrong with it");
  options->add_to(*check);
  check->callback([options] {
    train::load_run_config(Env::posix(), options->config, options->overrides);
    std::printf("%s: valid\n", options->config.c_str());
  });
  check->footer("Example: rexbert config check --config configs/base/phase1.yaml");

  CLI::App* print = command->add_subcommand(
      "print", "Print the resolved config, with where each value comes from");
  options->add_to(*print);
  print->callback([options] {
    const auto loaded = train::load_run_config(Env::posix(), options->config, options->overrides);
    std::fputs(loaded.resolved().c_str(), stdout);
  });
  print->footer("Example: rexbert config print --config configs/base/phase1.yaml --set run.seed=3");

  CLI::App* docs = command->add_subcommand("docs", "Print the reference of all keys in Markdown");
  docs->footer("Example: rexbert config docs > configuration.md");
  docs->callback([] { std::fputs(train::configuration_reference().c_str(), stdout); });
}

}  // namespace rexbert::cli
