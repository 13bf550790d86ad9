#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/batch/stream_source.h"
#include "rexbert/core/env.h"
#include "rexbert/tasks/options.h"
#include "rexbert/tasks/scoring.h"
#include "rexbert/tasks/suite_results.h"

namespace rexbert::tasks {

// Masked-token recovery as a task of a suite: top1, top3, top5 and loss over all domains together;
// in the details each domain's ("domains") and those by position in the block ("positions"). A
// domain is a file of text, which each model's own tokenizer reads, or a folder of shards, which
// that tokenizer must have made. With `random_seed` the weights are drawn by it.
// Error(kInterrupted) when `stop_requested`, asked after each batch or so, is true.
std::vector<SuiteMeasure> measures_of_recovery();
TaskScore score_recovery(Env& env, const fs::path& folder, std::optional<uint64_t> random_seed,
                         const TaskOptions& task, const SuiteOptions& suite,
                         const std::function<bool()>& stop_requested = {});

std::string about_recovery(const TaskOptions& task);
// Of the files that the domains are read from.
std::string hash_of_domains(Env& env, const TaskOptions& task);
// Error where a domain cannot be read, as text::DocumentReader's of its first document, or is of
// shards of another tokenizer or of none, as batch::open_tokens().
void check_domains(Env& env, const TaskOptions& task, const batch::TokenizerIdentity& tokenizer);

}  // namespace rexbert::tasks
