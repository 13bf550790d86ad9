#include "rexbert/datasets/glue.h"

#include <algorithm>
#include <charconv>

#include "datasets/line_reader.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::datasets {
namespace {

constexpr double kLargestScore = 5;

const GlueFile& file_of(const GlueTask& task, std::string_view split) {
  std::vector<std::string> known;
  for (const GlueFile& file : task.files) {
    if (file.split == split) return file;
    known.emplace_back(file.split);
  }
  throw Error(ErrorCode::kUsage, str_cat(task.name, ": expected a split of ", str_join(known, ", "),
                                         ", got ", str_quote(split)));
}

class GlueReader {
 public:
  GlueReader(Env& env, const fs::path& folder, const GlueTask& task, const GlueFile& file)
      : task_(task),
        columns_(file.columns),
        lines_(env, folder / task.name / file.name),
        on_broken_(text::make_bad_line_handler(task.has_broken_lines ? text::OnError::kSkip
                                                                     : text::OnError::kStop)),
        first_(column(task.first_text)),
        second_(task.second_text.empty() ? columns_.size() : column(task.second_text)),
        label_(column(task.label)) {}

  GlueExamples read() {
    if (task_.has_header) read_header();
    GlueExamples result;
    while (lines_.next()) {
      const std::vector<std::string> cells = str_split(lines_.line(), '\t');
      if (cells.size() < columns_.size()) {
        on_broken_({lines_.file(), lines_.number(),
                    str_cat("expected ", describe_columns(), ", got ", cells.size())});
        ++result.broken_lines;
        continue;
      }
      if (cells.size() > columns_.size()) lines_.fail(describe_columns(), str_cat(cells.size()));
      result.examples.push_back(read_example(cells));
    }
    if (result.examples.empty()) lines_.fail("at least one example", "none");
    return result;
  }

 private:
  size_t column(std::string_view name) const {
    const auto found = std::find(columns_.begin(), columns_.end(), name);
    return static_cast<size_t>(found - columns_.begin());
  }

  std::string describe_columns() const {
    return str_cat(columns_.size(), " columns (",
                   str_join({columns_.begin(), columns_.end()}, ", "), ")");
  }

  void read_header() {
    if (!lines_.next()) lines_.fail(describe_columns(), "an empty file");
    const std::vector<std::string> names = str_split(lines_.line(), '\t');
    if (!std::equal(names.begin(), names.end(), columns_.begin(), columns_.end())) {
      lines_.fail(str_cat("a header of ", describe_columns()), str_quote(lines_.line(), 200));
    }
  }

  GlueExample read_example(const std::vector<std::string>& cells) const {
    GlueExample example;
    example.first = cells[first_];
    if (second_ < cells.size()) example.second = cells[second_];
    example.line = lines_.number();
    if (task_.is_regression()) {
      example.score = read_score(cells[label_]);
    } else {
      example.label = read_label(cells[label_]);
    }
    return example;
  }

  double read_score(std::string_view cell) const {
    double score = 0;
    const auto [end, status] = std::from_chars(cell.data(), cell.data() + cell.size(), score);
    const bool whole = status == std::errc() && end == cell.data() + cell.size();
    if (!whole || !(score >= 0 && score <= kLargestScore)) {
      lines_.fail(str_cat("as ", task_.label, " a number of 0 to ", kLargestScore),
                  str_quote(cell));
    }
    return score;
  }

  int read_label(std::string_view cell) const {
    std::vector<std::string> values;
    for (const GlueLabel& label : task_.labels) {
      if (label.value == cell) return static_cast<int>(values.size());
      values.emplace_back(label.value);
    }
    lines_.fail(str_cat("as ", task_.label, " one of ", str_join(values, ", ")), str_quote(cell));
  }

  const GlueTask& task_;
  const std::vector<std::string_view>& columns_;
  LineReader lines_;
  text::OnBadLine on_broken_;
  size_t first_;
  size_t second_;  // behind the last where there is none
  size_t label_;
};

}  // namespace

GlueExamples read_glue(Env& env, const fs::path& folder, const GlueTask& task,
                       std::string_view split) {
  return GlueReader(env, folder, task, file_of(task, split)).read();
}

}  // namespace rexbert::datasets
