#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/command_line_docs.h"
#include "cli/commands.h"

namespace rexbert::cli {

void add_completion_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("completion", "Print a script that completes this command");
  const auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  command->callback([&app, shell] {
    std::fputs((*shell == "bash" ? bash_completion(app) : zsh_completion(app)).c_str(), stdout);
  });
  command->footer(
      "Examples: rexbert completion bash > ~/.local/share/bash-completion/completions/rexbert\n"
      "          rexbert completion zsh > ~/.zfunc/_rexbert   (with fpath+=~/.zfunc)");
  CLI::App* manual =
      app.add_subcommand("manual", "Print the manual page, which covers all commands");
  manual->callback([&app] { std::fputs(manual_page(app).c_str(), stdout); });
  manual->footer("Example: rexbert manual | man -l -");
}

}  // namespace rexbert::cli
