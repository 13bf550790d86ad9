#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/tasks/suite_results.h"

// What the tables of a suite's report say, before it becomes Markdown or HTML. All texts are plain.
namespace rexbert::tasks {

struct ScoreCell {
  ScoreSummary summary;
  std::string text;   // "71.20 ± 0.31", "71.20 (1 of 3)", "-" where undefined, "missing"
  bool best = false;  // of its row, by its mean
  // Not the best, but nearer to it than the pooled standard deviation of both,
  // sqrt(((n - 1) s^2 + (m - 1) t^2) / (n + m - 2)).
  bool tied = false;
};

// One measure of one task: a cell a model.
struct ScoreRow {
  const SuiteTask* task;
  const SuiteMeasure* measure;
  std::vector<ScoreCell> cells;
};

// Stands behind the text of a tied cell.
inline constexpr std::string_view kTiedMark = "\u2248";

// The first measures of tasks, averaged over those where more is better and that are on the scale
// of the first of them.
struct AverageRow {
  std::vector<std::string> tasks;     // counted
  std::vector<std::string> left_out;  // tasks
  std::vector<std::string> texts;     // a model each; "-" where a counted task has no mean
};
std::string average_note(const AverageRow& average);

// The first measure of a task: how far each model but the first is from the first.
struct DeltaRow {
  const SuiteTask* task;
  const SuiteMeasure* measure;
  std::vector<std::string> texts;  // "+0.42 ± 0.20", the standard error sqrt(s^2 / n + t^2 / m)
};

inline constexpr std::string_view kDeltaNote =
    "Differences of the means of each task's first measure; \u00b1 is their standard error.";

std::vector<ScoreRow> score_rows(const SuiteResults& results);
AverageRow average_row(const SuiteResults& results, const std::vector<ScoreRow>& rows);
std::vector<DeltaRow> delta_rows(const std::vector<ScoreRow>& rows);

// "entity F1 x 100", "perplexity, lower is better".
std::string measure_title(const SuiteMeasure& measure);
std::string shown(const SuiteMeasure& measure, double value);
// "71.20 ± 0.31", without a deviation where there is none; "-" where undefined.
std::string shown(const SuiteMeasure& measure, const ScoreSummary& summary);
int decimals_of(const SuiteMeasure& measure);

// Sentences that stand above the tables: what ± is of and how many seeds there are, what the signs
// mean, which scores are missing and which are not numbers.
std::vector<std::string> table_notes(const SuiteResults& results,
                                     const std::vector<ScoreRow>& rows);

}  // namespace rexbert::tasks
