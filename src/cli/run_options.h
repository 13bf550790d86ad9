#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace rexbert::cli {

// The options that every command that reads a run config has.
struct RunConfigOptions {
  std::string config;
  std::vector<std::string> overrides;

  void add_to(CLI::App& command) {
    command.add_option("--config,-c", config, "Config file (docs/configuration.md)")->required();
    command
        .add_option("--set", overrides, "Override one key: phases.0.tokens=10M; may be repeated")
        ->take_all()
        ->allow_extra_args(false);
  }
};

}  // namespace rexbert::cli
