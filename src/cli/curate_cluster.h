#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace rexbert::cli {

// Writes to standard output.
void print(const std::string& text);

// The parts of `rexbert curate` for those who do its work on many machines (scripts/spark).
void add_cluster_commands(CLI::App& curate);

}  // namespace rexbert::cli
