#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::datasets {

// What GLUE scores a task by (Wang et al., "GLUE: A multi-task benchmark and analysis platform for
// natural language understanding", 2019, table 1). F1 is that of class 1.
enum class GlueMetric { kAccuracy, kF1, kMatthews, kPearson, kSpearman };

std::string_view to_string(GlueMetric metric);

// A class: how files write it, and what it means.
struct GlueLabel {
  std::string_view value;
  std::string_view name;
};

// A file with labels. The files test*.tsv have none, and are not read.
struct GlueFile {
  std::string_view split;
  std::string_view name;
  std::vector<std::string_view> columns;
};

struct GlueTask {
  std::string_view name;  // also of its folder
  std::vector<GlueFile> files;
  std::string_view first_text;   // the column that holds it
  std::string_view second_text;  // empty where a task has one text
  std::string_view label;
  std::vector<GlueLabel> labels;  // the id of a class is its place; none: a score from 0 to 5
  std::vector<GlueMetric> metrics;
  bool has_header = true;  // else the names of columns are ours
  // The published files hold lines that a line break in a question cut short. They are logged,
  // counted and left out, as the readers of others do; in all other tasks they are errors.
  bool has_broken_lines = false;

  bool is_regression() const { return labels.empty(); }
};

// CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI, RTE, WNLI.
const std::vector<GlueTask>& glue_tasks();

// Throws Error(kUsage) for an unknown name.
const GlueTask& glue_task(std::string_view name);

struct GlueExample {
  std::string first;
  std::string second;
  int label = 0;      // of a classification
  double score = 0;   // of a regression
  uint64_t line = 0;  // 1-based
};

struct GlueExamples {
  std::vector<GlueExample> examples;
  uint64_t broken_lines = 0;
};

// One split ("train", "dev"; of MNLI "train", "dev_matched", "dev_mismatched") from
// `folder`/<task>/<file>, as the benchmark's download_glue_data.py lays them out: tab-separated
// UTF-8 without any quoting, so that a quotation mark is one. Texts may be empty. Throws
// Error(kUsage) for an unknown split, Error(kCorrupt) "file:line: expected ..., got ..." for a
// header, number of columns, label, score or encoding that is not so, and for a file without
// examples.
GlueExamples read_glue(Env& env, const fs::path& folder, const GlueTask& task,
                       std::string_view split);

}  // namespace rexbert::datasets
