#pragma once

#include <string>

namespace CLI {
class App;
}

// What shells and `man` read, generated from the command line itself.
namespace rexbert::cli {

// A script for bash's or zsh's completion system: commands, their options, and files elsewhere.
std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);

// rexbert(1), as troff -man reads it: every command with its options and examples.
std::string manual_page(const CLI::App& app);

}  // namespace rexbert::cli
