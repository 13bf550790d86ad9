#pragma once

#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/tasks/options.h"
#include "rexbert/tasks/suite_results.h"

namespace rexbert::tasks {

// A model that a suite compares.
struct SuiteCheckpoint {
  std::string name;
  fs::path folder;  // with its tokenizer
  bool random_weights = false;
};

// "DIR", "NAME=DIR", "NAME=random:DIR": a run directory or a model folder, called as its folder
// where no name is given; with "random:", its shape and tokenizer with weights drawn by the seed.
SuiteCheckpoint parse_suite_checkpoint(Env& env, const std::string& text);

struct SuiteRequest {
  SuiteOptions options;
  std::vector<SuiteCheckpoint> checkpoints;
  fs::path output;
};

// Fine-tunes and scores every checkpoint on every task with every seed, and writes results.json,
// results.md and results.html into the output folder after each task. What is done lies under
// parts/, one file for each search and seed, with a key over all it depends on: a suite that was
// killed and is started again repeats none of it, nor does one with a checkpoint, a task or a seed
// more. Error(kUsage) where another process works in the folder.
SuiteResults run_suite(Env& env, const SuiteRequest& request);

// What train::RunRequest::score_suite asks for.
Json score_for_training(Env& env, const fs::path& suite, const fs::path& model,
                        const fs::path& output);

}  // namespace rexbert::tasks
