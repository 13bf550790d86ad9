#pragma once

#include <string>

#include "rexbert/core/env.h"
#include "rexbert/tasks/suite_results.h"

namespace rexbert::tasks {

// The scores as Markdown: models, every measure of every task, the average over tasks, and how far
// each model is from the first one. Throws as check() does.
std::string suite_markdown(const SuiteResults& results);

// The same as one HTML page that refers to nothing outside of it, and of each task its charts, the
// scores of entity types, recovery by domain and by position, and what was chosen. Throws as
// check() does.
std::string suite_page(const SuiteResults& results);

// Publishes results.md, results.html and, last, results.json in `folder`, which is made where it is
// missing. To be called again as scores come in: those that are missing are shown as such.
void write_suite_report(Env& env, const fs::path& folder, const SuiteResults& results);

}  // namespace rexbert::tasks
