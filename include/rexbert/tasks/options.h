#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rexbert/config/schema.h"
#include "rexbert/core/env.h"
#include "rexbert/infer/pooling.h"
#include "rexbert/nn/config.h"

namespace rexbert::tasks {

using infer::Pooling;

// How a model is fine-tuned. Steps take batches of examples in an endless sequence, epoch after
// epoch without a seam, each epoch in another order.
struct TuningOptions {
  int64_t epochs = 3;
  int64_t batch = 32;  // examples
  double learning_rate = 5e-5;
  double weight_decay = 1e-6;
  double warmup = 0.06;  // share of the steps
  Pooling pooling = Pooling::kMean;
  double scale = 20;     // of cosines in CoSENT
  int64_t patience = 0;  // epochs without a better validation score before it stops; 0: never stops
  int64_t micro_tokens = 16'384;  // computed at once
  int64_t max_tokens = 512;       // of a sequence

  // Updates for so many examples.
  int64_t steps(int64_t examples) const;
};

enum class TaskKind { kMaskedTokens, kTokens, kSimilarity, kClassification, kGlue };
enum class TagFormat { kBioJson, kConll, kSpans };

// What users write under `tasks:` for one task. Lists of hyper-parameters with more than one value
// are a grid to search.
struct TaskOptions {
  TaskKind kind = TaskKind::kClassification;
  // Of all but kMaskedTokens: files of labelled examples.
  TagFormat format = TagFormat::kBioJson;
  std::string train;
  std::string validation;
  std::string test;
  double held_out = 0.1;
  std::string glue;    // the folder of all GLUE tasks
  std::string corpus;  // which of them
  // Of kMaskedTokens.
  std::map<std::string, std::string> domains;
  int64_t block = 128;
  double probability = 0.15;
  int64_t tokens = 0;
  int64_t position_bucket = 16;

  int64_t max_tokens = 512;
  int64_t limit = 0;
  Pooling pooling = Pooling::kMean;
  std::vector<int64_t> epochs = {3};
  int64_t batch = 32;
  std::vector<double> learning_rate = {5e-5};
  std::vector<double> weight_decay = {1e-6};
  double warmup = 0.06;
  double scale = 20;
  int64_t patience = 0;
  std::string start_from;

  // Every combination of the lists, the last list varying fastest.
  std::vector<TuningOptions> grid(int64_t micro_tokens) const;
  bool is_tuned() const { return kind != TaskKind::kMaskedTokens; }
};

// A whole suite.
struct SuiteOptions {
  std::string name = "suite";
  std::vector<int64_t> seeds = {1, 2, 3};
  int64_t micro_tokens = 16'384;
  bool keep_models = false;
  int64_t checkpoint_every = 1000;
  std::string device = "cpu";
  nn::Precision precision = nn::Precision::kBf16;  // on a GPU
  std::map<std::string, TaskOptions> tasks;
};

config::EnumNames<TaskKind> names_of(TaskKind);
config::EnumNames<TagFormat> names_of(TagFormat);

void describe(config::Schema<TaskOptions>& schema);
void describe(config::Schema<SuiteOptions>& schema);

// Reads the config of a suite. Throws Error(kConfig) with every problem found.
SuiteOptions load_suite_options(Env& env, const fs::path& path,
                                const std::vector<std::string>& overrides = {});

// The page docs/evaluation-configuration.md.
std::string suite_reference();

}  // namespace rexbert::tasks
