#include "rexbert/tasks/suite_report.h"

#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "tasks/suite_table.h"

namespace rexbert::tasks {
namespace {

// Text that Markdown would read as markup, as it is; a line break becomes a blank.
std::string markdown_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_[]<>|~&#").find(c) != std::string_view::npos) out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

// Cells are Markdown already. All columns but the first `texts` are aligned to the right.
std::string markdown_table(const std::vector<std::string>& header, size_t texts,
                           const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> rule(header.size(), "---:");
  std::fill_n(rule.begin(), std::min(texts, rule.size()), "---");
  std::string out;
  const auto add = [&](const std::vector<std::string>& cells) {
    out += str_cat("| ", str_join(cells, " | "), " |\n");
  };
  add(header);
  add(rule);
  for (const auto& row : rows) add(row);
  return out + "\n";
}

std::vector<std::string> header(std::vector<std::string> texts, const SuiteResults& results,
                                size_t first_model) {
  for (size_t i = first_model; i < results.models.size(); ++i) {
    texts.push_back(markdown_text(results.models[i].name));
  }
  return texts;
}

std::string models_table(const SuiteResults& results) {
  std::vector<std::vector<std::string>> rows;
  for (const SuiteModel& model : results.models) {
    rows.push_back({markdown_text(model.name), markdown_text(model.folder),
                    format_count(model.parameters),
                    model.tokens > 0 ? format_count(model.tokens) : "unknown"});
  }
  return markdown_table({"Model", "Folder", "Parameters", "Tokens trained on"}, 2, rows);
}

std::string marked(const ScoreCell& cell) {
  if (cell.best) return str_cat("**", cell.text, "**");
  return cell.tied ? str_cat(cell.text, " ", kTiedMark) : cell.text;
}

std::string scores_table(const SuiteResults& results, const std::vector<ScoreRow>& rows) {
  std::vector<std::vector<std::string>> lines;
  for (const ScoreRow& row : rows) {
    auto& line = lines.emplace_back();
    line = {markdown_text(row.task->name), markdown_text(measure_title(*row.measure))};
    for (const ScoreCell& cell : row.cells) line.push_back(marked(cell));
  }
  return markdown_table(header({"Task", "Measure"}, results, 0), 2, lines);
}

std::string average_table(const SuiteResults& results, const AverageRow& average) {
  std::string out = markdown_text(average_note(average)) + "\n\n";
  std::vector<std::string> line = {"average"};
  line.insert(line.end(), average.texts.begin(), average.texts.end());
  return out + markdown_table(header({""}, results, 0), 1, {line});
}

std::string deltas_table(const SuiteResults& results, const std::vector<ScoreRow>& rows) {
  std::vector<std::vector<std::string>> lines;
  for (const DeltaRow& row : delta_rows(rows)) {
    auto& line = lines.emplace_back();
    line = {markdown_text(row.task->name), markdown_text(measure_title(*row.measure))};
    line.insert(line.end(), row.texts.begin(), row.texts.end());
  }
  return markdown_table(header({"Task", "Measure"}, results, 1), 2, lines);
}

}  // namespace

std::string suite_markdown(const SuiteResults& results) {
  check(results, results.name);
  const std::vector<ScoreRow> rows = score_rows(results);
  std::string out = str_cat("# Evaluation: ", markdown_text(results.name), "\n\n");
  out += models_table(results);
  out += "## Scores\n\n";
  for (const std::string& note : table_notes(results, rows)) out += markdown_text(note) + "\n\n";
  out += scores_table(results, rows);
  out += "## Average over tasks\n\n" + average_table(results, average_row(results, rows));
  if (results.models.size() > 1) {
    out += str_cat("## Compared with ", markdown_text(results.models.front().name), "\n\n",
                   markdown_text(kDeltaNote), "\n\n", deltas_table(results, rows));
  }
  out.pop_back();  // the empty line behind the last table
  return out;
}

void write_suite_report(Env& env, const fs::path& folder, const SuiteResults& results) {
  const std::string json = to_json(results).dump(2) + "\n";
  env.create_directories(folder);
  publish_file(env, folder / "results.md", suite_markdown(results));
  publish_file(env, folder / "results.html", suite_page(results));
  publish_file(env, folder / "results.json", json);
}

}  // namespace rexbert::tasks
