#include "tasks/suite_table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"

namespace rexbert::tasks {
namespace {

constexpr const char* kUndefinedText = "-";
constexpr const char* kMissingText = "missing";
constexpr size_t kNamed = 20;  // of things that a note lists

bool is_better(const SuiteMeasure& measure, double a, double b) {
  return measure.higher_is_better ? a > b : a < b;
}

// sum_i (x_i - mean)^2; 0 of one value, whose deviation is undefined.
double squares(const ScoreSummary& summary) {
  if (summary.seeds() < 2) return 0;
  return summary.deviation * summary.deviation * static_cast<double>(summary.seeds() - 1);
}

bool is_tied(const ScoreSummary& a, const ScoreSummary& b) {
  const int64_t freedom = a.seeds() + b.seeds() - 2;
  const double pooled =
      freedom > 0 ? std::sqrt((squares(a) + squares(b)) / static_cast<double>(freedom)) : 0;
  return std::abs(a.mean - b.mean) <= pooled;
}

void compare(const SuiteMeasure& measure, std::vector<ScoreCell>& cells) {
  ScoreCell* best = nullptr;
  for (ScoreCell& cell : cells) {
    if (std::isnan(cell.summary.mean)) continue;
    if (best == nullptr || is_better(measure, cell.summary.mean, best->summary.mean)) best = &cell;
  }
  if (best == nullptr) return;
  best->best = true;
  for (ScoreCell& cell : cells) {
    if (&cell == best || std::isnan(cell.summary.mean)) continue;
    cell.tied = is_tied(cell.summary, best->summary);
  }
}

std::string cell_text(const SuiteMeasure& measure, const ScoreSummary& summary, int64_t expected) {
  if (summary.seeds() == 0) return kMissingText;
  std::string text = shown(measure, summary);
  if (summary.seeds() < expected) text += str_cat(" (", summary.seeds(), " of ", expected, ")");
  return text;
}

std::string delta_text(const SuiteMeasure& measure, const ScoreSummary& from,
                       const ScoreSummary& to) {
  if (from.seeds() == 0 || to.seeds() == 0) return kMissingText;
  const double difference = (to.mean - from.mean) * measure.scale;
  if (std::isnan(difference)) return kUndefinedText;
  const int decimals = decimals_of(measure);
  std::string text = str_printf("%+.*f", decimals, difference);
  const auto variance = [](const ScoreSummary& summary) {
    return summary.deviation * summary.deviation / static_cast<double>(summary.seeds());
  };
  const double error = std::sqrt(variance(from) + variance(to)) * measure.scale;
  if (!std::isnan(error)) text += str_printf(" \u00b1 %.*f", decimals, error);
  return text;
}

std::string listed(std::vector<std::string> names, const char* separator) {
  const size_t all = names.size();
  if (all > kNamed) {
    names.resize(kNamed);
    names.push_back(str_cat(all - kNamed, " more"));
  }
  return str_join(names, separator);
}

std::string runs(int64_t seeds) { return seeds == 1 ? "one run" : str_cat(seeds, " runs"); }

std::string seeds_note(const SuiteResults& results) {
  std::map<int64_t, std::vector<std::string>, std::greater<>> tasks;
  for (const SuiteTask& task : results.tasks) {
    tasks[expected_seeds(results, task)].push_back(task.name);
  }
  if (tasks.empty()) return "There are no tasks.";
  std::vector<std::string> parts;
  for (const auto& [seeds, names] : tasks) {
    std::string part = runs(seeds);
    if (tasks.size() > 1) part += str_cat(" of ", str_join(names, ", "));
    parts.push_back(std::move(part));
  }
  const bool repeated = tasks.begin()->first > 1;
  return str_cat("Scores are means over ", str_join(parts, " and "),
                 repeated
                     ? "; runs of a task differ in their seeds alone, and \u00b1 is their sample "
                       "standard deviation."
                     : ", so that there is no deviation to judge differences by.");
}

std::string missing_note(const SuiteResults& results) {
  std::vector<std::string> names;
  int64_t missing = 0;
  int64_t all = 0;
  for (const SuiteTask& task : results.tasks) {
    const int64_t expected = expected_seeds(results, task);
    for (const SuiteModel& model : results.models) {
      const int64_t found = summarize(results, model, task, task.measures.front()).seeds();
      all += expected;
      if (found >= expected) continue;
      missing += expected - found;
      names.push_back(str_cat(model.name, " on ", task.name,
                              found > 0 ? str_cat(" (", found, " of ", expected, ")") : ""));
    }
  }
  if (missing == 0) return {};
  return str_cat(missing, " of ", all, " scores are missing: ", listed(names, "; "), ".");
}

std::string undefined_note(const SuiteResults& results) {
  std::vector<std::string> names;
  for (const SuiteScore& score : results.scores) {
    const auto task = std::find_if(results.tasks.begin(), results.tasks.end(),
                                   [&](const SuiteTask& one) { return one.name == score.task; });
    for (const SuiteMeasure& measure : task->measures) {
      if (std::isfinite(score.values.at(measure.key))) continue;
      names.push_back(
          str_cat(measure.name, " of ", score.model, " on ", score.task, ", seed ", score.seed));
    }
  }
  if (names.empty()) return {};
  return str_cat("Not a number, and so without a mean: ", listed(names, "; "), ".");
}

}  // namespace

std::vector<ScoreRow> score_rows(const SuiteResults& results) {
  std::vector<ScoreRow> rows;
  for (const SuiteTask& task : results.tasks) {
    const int64_t expected = expected_seeds(results, task);
    for (const SuiteMeasure& measure : task.measures) {
      ScoreRow row{&task, &measure, {}};
      for (const SuiteModel& model : results.models) {
        ScoreCell& cell = row.cells.emplace_back();
        cell.summary = summarize(results, model, task, measure);
        cell.text = cell_text(measure, cell.summary, expected);
      }
      if (row.cells.size() > 1) compare(measure, row.cells);
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

AverageRow average_row(const SuiteResults& results, const std::vector<ScoreRow>& rows) {
  AverageRow average;
  const SuiteMeasure* first = nullptr;
  std::vector<std::vector<double>> means(results.models.size());
  for (const ScoreRow& row : rows) {
    const SuiteMeasure& measure = *row.measure;
    if (&measure != &row.task->measures.front()) continue;
    if (first == nullptr && measure.higher_is_better) first = &measure;
    if (!measure.higher_is_better || measure.scale != first->scale) {
      average.left_out.push_back(row.task->name);
      continue;
    }
    average.tasks.push_back(row.task->name);
    for (size_t i = 0; i < means.size(); ++i) means[i].push_back(row.cells[i].summary.mean);
  }
  for (const std::vector<double>& of_model : means) {
    average.texts.push_back(first == nullptr ? kUndefinedText : shown(*first, mean(of_model)));
  }
  return average;
}

std::string average_note(const AverageRow& average) {
  if (average.tasks.empty()) return "No task has a first measure of which more is better.";
  return str_cat("Means of the first measures of ", str_join(average.tasks, ", "), ".",
                 average.left_out.empty()
                     ? ""
                     : str_cat(" Not counted, as less is better or the scale is another: ",
                               str_join(average.left_out, ", "), "."));
}

std::vector<DeltaRow> delta_rows(const std::vector<ScoreRow>& rows) {
  std::vector<DeltaRow> deltas;
  for (const ScoreRow& row : rows) {
    if (row.measure != &row.task->measures.front() || row.cells.size() < 2) continue;
    DeltaRow& delta = deltas.emplace_back(DeltaRow{row.task, row.measure, {}});
    for (size_t i = 1; i < row.cells.size(); ++i) {
      delta.texts.push_back(delta_text(*row.measure, row.cells[0].summary, row.cells[i].summary));
    }
  }
  return deltas;
}

std::string measure_title(const SuiteMeasure& measure) {
  return str_cat(measure.name, measure.scale == 1 ? "" : str_cat(" \u00d7 ", measure.scale),
                 measure.higher_is_better ? "" : ", lower is better");
}

int decimals_of(const SuiteMeasure& measure) { return measure.scale >= 100 ? 2 : 4; }

std::string shown(const SuiteMeasure& measure, double value) {
  if (!std::isfinite(value)) return kUndefinedText;
  return str_printf("%.*f", decimals_of(measure), value * measure.scale);
}

std::string shown(const SuiteMeasure& measure, const ScoreSummary& summary) {
  std::string text = shown(measure, summary.mean);
  if (!std::isnan(summary.deviation))
    text += str_cat(" \u00b1 ", shown(measure, summary.deviation));
  return text;
}

std::vector<std::string> table_notes(const SuiteResults& results,
                                     const std::vector<ScoreRow>& rows) {
  std::vector<std::string> notes = {seeds_note(results)};
  const bool any_tied = std::any_of(rows.begin(), rows.end(), [](const ScoreRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const ScoreCell& cell) { return cell.tied; });
  });
  if (results.models.size() > 1) {
    notes.push_back(str_cat(
        "The best mean of a row is bold.",
        any_tied ? str_cat(" ", kTiedMark,
                           " marks those that are not further from it than the pooled standard "
                           "deviation of the two.")
                 : ""));
  }
  for (std::string note : {missing_note(results), undefined_note(results)}) {
    if (!note.empty()) notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace rexbert::tasks
