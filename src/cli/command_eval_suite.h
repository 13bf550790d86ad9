#pragma once

#include <CLI/App.hpp>

namespace rexbert::cli {

// `rexbert eval suite`, `rexbert eval report` and `rexbert eval docs`.
void add_eval_suite_commands(CLI::App& eval);

}  // namespace rexbert::cli
