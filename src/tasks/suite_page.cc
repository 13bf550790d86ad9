#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/html/page.h"
#include "rexbert/html/svg_chart.h"
#include "rexbert/tasks/suite_report.h"
#include "tasks/suite_table.h"

namespace rexbert::tasks {
namespace {

using html::Row;

Row header(Row texts, const SuiteResults& results, size_t first_model) {
  for (size_t i = first_model; i < results.models.size(); ++i) {
    texts.push_back(results.models[i].name);
  }
  return texts;
}

std::string note(std::string_view text) {
  return str_cat("<p class=\"note\">", html::escape(text), "</p>\n");
}

std::string figure(const std::string& caption, const std::string& chart) {
  return str_cat("<figure><figcaption>", html::escape(caption), "</figcaption>", chart,
                 "</figure>\n");
}

std::string models_table(const SuiteResults& results) {
  std::vector<Row> rows;
  for (const SuiteModel& model : results.models) {
    rows.push_back({html::foreign(model.name), format_count(model.parameters),
                    model.tokens > 0 ? format_count(model.tokens) : "unknown",
                    html::foreign(model.folder)});
  }
  return html::table("Models", {"Model", "Parameters", "Tokens trained on", "Folder"}, rows, false);
}

std::string scores_table(const SuiteResults& results, const std::vector<ScoreRow>& rows) {
  std::vector<Row> lines;
  for (const ScoreRow& row : rows) {
    Row& line = lines.emplace_back();
    line = {html::foreign(row.task->name), html::escape(measure_title(*row.measure))};
    for (const ScoreCell& cell : row.cells) {
      line.push_back(cell.best   ? str_cat("<strong>", html::escape(cell.text), "</strong>")
                     : cell.tied ? str_cat(html::escape(cell.text), " ", kTiedMark)
                                 : html::escape(cell.text));
    }
  }
  return html::table("Scores", header({"Task", "Measure"}, results, 0), lines, true, 2);
}

std::string summary_sections(const SuiteResults& results) {
  const std::vector<ScoreRow> rows = score_rows(results);
  std::string out = models_table(results) + html::heading(2, "Scores");
  for (const std::string& text : table_notes(results, rows)) out += note(text);
  out += scores_table(results, rows);

  const AverageRow average = average_row(results, rows);
  Row line = {"average"};
  line.insert(line.end(), average.texts.begin(), average.texts.end());
  out += html::heading(2, "Average over tasks") + note(average_note(average)) +
         html::table("Average over tasks", header({""}, results, 0), {line});
  if (results.models.size() < 2) return out;

  std::vector<Row> deltas;
  for (const DeltaRow& row : delta_rows(rows)) {
    Row& cells = deltas.emplace_back();
    cells = {html::foreign(row.task->name), html::escape(measure_title(*row.measure))};
    cells.insert(cells.end(), row.texts.begin(), row.texts.end());
  }
  return out + html::heading(2, str_cat("Compared with ", results.models.front().name)) +
         note(kDeltaNote) +
         html::table("Differences", header({"Task", "Measure"}, results, 1), deltas, true, 2);
}

std::string measure_chart(const SuiteResults& results, const SuiteTask& task,
                          const SuiteMeasure& measure) {
  std::vector<html::Repeats> rows;
  for (const SuiteModel& model : results.models) {
    const ScoreSummary summary = summarize(results, model, task, measure);
    html::Repeats row{.label = model.name,
                      .shown = summary.seeds() > 0 ? shown(measure, summary) : "missing",
                      .second = !rows.empty()};
    if (!std::isnan(summary.mean)) {
      row.mean = summary.mean * measure.scale;
      row.deviation = summary.deviation * measure.scale;
      for (const double value : summary.values) row.values.push_back(value * measure.scale);
    }
    rows.push_back(std::move(row));
  }
  return figure(measure_title(measure),
                html::repeats_chart(str_cat(task.name, ", ", measure_title(measure), ", by model"),
                                    rows, decimals_of(measure)));
}

// The scores of a model on a task that have `key` in their details, by rising seed.
std::vector<const Json*> details_of(const SuiteResults& results, const SuiteModel& model,
                                    const SuiteTask& task, const char* key) {
  std::map<uint64_t, const Json*> by_seed;
  for (const SuiteScore& score : results.scores) {
    if (score.model != model.name || score.task != task.name) continue;
    const auto found = score.details.find(key);
    if (found != score.details.end()) by_seed[score.seed] = &*found;
  }
  std::vector<const Json*> details;
  for (const auto& [seed, detail] : by_seed) details.push_back(detail);
  return details;
}

double value_of(const Json& part, const std::string& key) {
  const auto found = part.find(key);
  return found != part.end() && found->is_number() ? found->get<double>()
                                                   : std::numeric_limits<double>::quiet_NaN();
}

// Names of the parts under `key` in anybody's details, and what each says of itself as `count`.
std::map<std::string, int64_t> parts_of(const SuiteResults& results, const SuiteTask& task,
                                        const char* key, const char* count) {
  std::map<std::string, int64_t> parts;
  for (const SuiteModel& model : results.models) {
    for (const Json* detail : details_of(results, model, task, key)) {
      for (const auto& [name, part] : detail->items()) {
        const double found = value_of(part, count);
        const auto at = parts.emplace(name, 0).first;
        if (std::isfinite(found)) at->second = static_cast<int64_t>(found);
      }
    }
  }
  return parts;
}

Row part_cells(const SuiteResults& results, const SuiteTask& task, const char* key,
               const std::string& part, const SuiteMeasure& measure) {
  Row cells;
  for (const SuiteModel& model : results.models) {
    std::vector<double> values;
    for (const Json* detail : details_of(results, model, task, key)) {
      const auto found = detail->find(part);
      if (found != detail->end()) values.push_back(value_of(*found, measure.key));
    }
    cells.push_back(values.empty() ? "missing" : shown(measure, summarize(std::move(values))));
  }
  return cells;
}

std::string types_table(const SuiteResults& results, const SuiteTask& task) {
  const auto types = parts_of(results, task, "types", "support");
  if (types.empty()) return {};
  const SuiteMeasure& measure = task.measures.front();
  std::vector<Row> rows;
  for (const auto& [type, support] : types) {
    Row row = {html::foreign(type), format_count(support)};
    const Row cells = part_cells(results, task, "types", type, measure);
    row.insert(row.end(), cells.begin(), cells.end());
    rows.push_back(std::move(row));
  }
  return html::table(str_cat(measure_title(measure), " by type of entity"),
                     header({"Type", "Entities"}, results, 0), rows);
}

std::string domains_table(const SuiteResults& results, const SuiteTask& task) {
  const auto domains = parts_of(results, task, "domains", "masked");
  if (domains.empty()) return {};
  std::vector<Row> rows;
  for (const auto& [domain, masked] : domains) {
    for (const SuiteMeasure& measure : task.measures) {
      Row row = {html::foreign(domain), html::escape(measure_title(measure))};
      const Row cells = part_cells(results, task, "domains", domain, measure);
      row.insert(row.end(), cells.begin(), cells.end());
      rows.push_back(std::move(row));
    }
  }
  return html::table("By domain", header({"Domain", "Measure"}, results, 0), rows, true, 2);
}

std::vector<html::Point> curve_of(const SuiteResults& results, const SuiteModel& model,
                                  const SuiteTask& task) {
  const SuiteMeasure& measure = task.measures.front();
  std::map<double, std::vector<double>> values;
  for (const Json* detail : details_of(results, model, task, "positions")) {
    for (const Json& part : *detail) {
      values[part["from"].get<double>()].push_back(value_of(part, measure.key));
    }
  }
  std::vector<html::Point> points;
  for (auto& [from, of_seeds] : values) {
    const ScoreSummary summary = summarize(std::move(of_seeds));
    if (!std::isnan(summary.mean)) points.push_back({from, summary.mean * measure.scale});
  }
  return points;
}

// A chart for each model, beside the first model's curve, all on one scale.
std::string position_charts(const SuiteResults& results, const SuiteTask& task) {
  const SuiteMeasure& measure = task.measures.front();
  std::vector<html::Line> curves;
  double lowest = std::numeric_limits<double>::infinity();
  double highest = -lowest;
  for (const SuiteModel& model : results.models) {
    curves.push_back({model.name, curve_of(results, model, task)});
    for (const html::Point& point : curves.back().points) {
      lowest = std::min(lowest, point.y);
      highest = std::max(highest, point.y);
    }
  }
  if (highest < lowest) return {};
  std::string out = html::heading(4, "By position") + "<div class=\"charts\">\n";
  for (size_t i = curves.size() > 1 ? 1 : 0; i < curves.size(); ++i) {
    std::vector<html::Line> lines = {curves.front()};
    if (i > 0) lines.push_back(curves[i]);
    out += figure(curves[i].name,
                  html::line_chart(str_cat(measure_title(measure), " of ", curves[i].name,
                                           " by position of the token"),
                                   "position of the token", measure_title(measure), lines, lowest,
                                   highest, decimals_of(measure)));
  }
  return out + "</div>\n";
}

std::string runs_table(const SuiteResults& results, const SuiteTask& task) {
  std::vector<Row> rows;
  for (const SuiteScore& score : results.scores) {
    if (score.task != task.name) continue;
    const Json chosen = score.details.value("hyper_parameters", Json::object());
    const double seconds = value_of(score.details, "seconds");
    if (chosen.empty() && std::isnan(seconds)) continue;
    std::vector<std::string> texts;
    for (const auto& [key, value] : chosen.items()) {
      texts.push_back(
          str_cat(key, " ", value.is_string() ? value.get<std::string>() : value.dump()));
    }
    rows.push_back({html::foreign(score.model), str_cat(score.seed),
                    html::escape(str_join(texts, ", ")),
                    std::isnan(seconds) ? "" : format_duration(seconds)});
  }
  if (rows.empty()) return {};
  return str_cat(
      "<details><summary>What was chosen</summary>\n",
      html::table("Hyper-parameters of each run", {"Model", "Seed", "Chosen", "Time"}, rows, false),
      "</details>\n");
}

std::string task_section(const SuiteResults& results, const SuiteTask& task) {
  std::string out =
      str_cat("<section>", html::heading(3, task.name), "<p>", html::escape(task.kind),
              task.kind.empty() || task.about.empty() ? "" : ": ", html::escape(task.about),
              "</p>\n<div class=\"charts\">\n");
  for (const SuiteMeasure& measure : task.measures) out += measure_chart(results, task, measure);
  return out + "</div>\n" + types_table(results, task) + domains_table(results, task) +
         position_charts(results, task) + runs_table(results, task) + "</section>\n";
}

}  // namespace

std::string suite_page(const SuiteResults& results) {
  check(results, results.name);
  std::string out = summary_sections(results);
  if (!results.tasks.empty()) out += html::heading(2, "Task by task");
  for (const SuiteTask& task : results.tasks) out += task_section(results, task);
  return html::page(str_cat("Evaluation: ", results.name), out);
}

}  // namespace rexbert::tasks
