#pragma once

// tasks: what encoders are trained for behind pretraining.
//
//   one task     read from its files (task_files.h, examples.h), fine-tuned as a head on the
//                encoder (task_model.h, fine_tune.h), scored (scoring.h)
//   recovery     of masked tokens, which trains nothing (mlm_recovery.h)
//   a head       alone, on vectors that stay as they are (span_head_fit.h)
//   many         a suite: tasks x checkpoints x seeds, compared in one report (here)
//   in training  the same suite as a run's evaluation (score_for_training())

#include <functional>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/tasks/options.h"
#include "rexbert/tasks/suite_results.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/suite_callback.h"

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
  // Asked after each update of a fine-tuning and each batch that is scored; when true, run_suite()
  // ends by Error(kInterrupted). May be empty.
  std::function<bool()> stop_requested;
};

// Fine-tunes and scores every checkpoint on every task with every seed, and writes results.json,
// results.md and results.html into the output folder after each task. What is done lies under
// parts/, one file for each search and seed, with a key over all it depends on: a suite that was
// killed and is started again repeats none of it, nor does one with a checkpoint, a task or a seed
// more. Error(kUsage) where another process works in the folder.
SuiteResults run_suite(Env& env, const SuiteRequest& request);

// Reads the files of every task with the tokenizer of a folder, so that a mistake in them shows
// before a run that is to evaluate by them. Errors as load_task(), hold_out() and check_domains().
void check_suite_files(Env& env, const SuiteOptions& suite, const fs::path& tokenizer_folder);

// What train::RunRequest::score_suite asks for. The suite's device and precision are the run's.
Json score_for_training(Env& env, const train::SuiteJob& job);

}  // namespace rexbert::tasks
