#include <algorithm>
#include <utility>

#include "curate/source_base.h"
#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/record_reader.h"
#include "rexbert/text/utf8.h"

namespace rexbert::curate {
namespace {

// The cells of a line. One that is in double quotes loses them, and "" in it is a quote: so
// merchant feeds write quotes. A tab ends a cell even there.
void split_cells(std::string_view line, std::vector<std::string>& cells) {
  cells.clear();
  while (true) {
    const size_t tab = std::min(line.find('\t'), line.size());
    std::string_view cell = line.substr(0, tab);
    std::string& value = cells.emplace_back();
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
      cell = cell.substr(1, cell.size() - 2);
      for (size_t i = 0; i < cell.size(); ++i) {
        value += cell[i];
        if (cell[i] == '"' && i + 1 < cell.size() && cell[i + 1] == '"') ++i;
      }
    } else {
      value = cell;
    }
    if (tab == line.size()) return;
    line.remove_prefix(tab + 1);
  }
}

class TsvSource final : public SourceBase {
 public:
  TsvSource(Env& env, const fs::path& path, const SourceOptions& options, text::OnBadLine on_bad)
      : SourceBase(path, options, std::move(on_bad)),
        fields_(options, FieldMap::Text::kAmongFields),
        records_(open_byte_source(env, path), text::PlainTextUnit::kLine,
                 options.max_record_bytes) {}

 private:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  Outcome read(Document& document) override {
    text::Record record;
    const bool found = records_.next(record);
    counts_.file_bytes = records_.consumed();
    if (!found) {
      if (columns_ == 0) throw_header("expected the names of columns, got an empty file");
      return Outcome::kEnd;
    }
    document.line = record.line;
    if (record.too_long) {
      if (columns_ == 0) throw_header("the line of names is too long");
      return bad(str_cat("expected at most ", options_.max_record_bytes, " bytes, got more"));
    }
    if (!text::is_utf8(record.bytes)) {
      if (columns_ == 0) throw_header("the line of names is not UTF-8");
      return bad("invalid UTF-8");
    }
    split_cells(record.bytes, cells_);
    if (columns_ == 0) {
      read_header();
      return read(document);
    }
    if (str_trim(record.bytes).empty()) return Outcome::kEmpty;
    if (cells_.size() != columns_) {
      return bad(str_cat("expected ", columns_, " columns, got ", cells_.size()));
    }
    return fill(document);
  }

  // Finds the column of each field.
  void read_header() {
    columns_ = cells_.size();
    for (const std::string& name : fields_.paths()) {
      const auto at = std::find(cells_.begin(), cells_.end(), name);
      const bool there = !name.empty() && at != cells_.end();
      column_of_.push_back(there ? static_cast<size_t>(at - cells_.begin()) : kNone);
    }
    if (!fields_.has_template() && column_of_[0] == kNone) {
      throw_header(str_cat("expected a column ", str_quote(options_.fields.text), ", got ",
                           str_join(cells_, ", ")));
    }
  }

  [[noreturn]] void throw_header(const std::string& problem) const {
    throw Error(ErrorCode::kCorrupt, str_cat(file_, ": ", problem));
  }

  Outcome fill(Document& document) {
    values_.assign(column_of_.size(), {});
    for (size_t i = 0; i < column_of_.size(); ++i) {
      if (column_of_[i] != kNone) values_[i] = std::move(cells_[column_of_[i]]);
    }
    std::string score;
    fields_.fill(values_, document, score);
    return set_score(score, document) ? Outcome::kDocument : Outcome::kBad;
  }

  const FieldMap fields_;
  text::RecordReader records_;
  size_t columns_ = 0;
  std::vector<size_t> column_of_;  // of fields_.paths()
  std::vector<std::string> cells_;
  std::vector<std::string> values_;
};

}  // namespace

SourcePointer open_tsv_source(Env& env, const fs::path& path, const SourceOptions& options,
                              text::OnBadLine on_bad) {
  return std::make_unique<TsvSource>(env, path, options, std::move(on_bad));
}

}  // namespace rexbert::curate
