#include "curate/evaluation_texts.h"

#include <algorithm>
#include <charconv>

#include "curate/line_batches.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;

EvaluationFormat format_of(const EvaluationFile& file) {
  if (file.format != EvaluationFormat::kByExtension) return file.format;
  fs::path name = file.path.filename();
  const std::string last = name.extension().string();
  if (last == ".zst" || last == ".zstd" || last == ".gz") name = name.stem();
  const std::string extension = name.extension().string();
  if (extension == ".jsonl" || extension == ".json") return EvaluationFormat::kJsonLines;
  if (extension == ".tsv") return EvaluationFormat::kTsv;
  if (extension == ".txt") return EvaluationFormat::kPlainText;
  throw Error(ErrorCode::kUsage, file.path.string() +
                                     ": the name does not say the format: expected .jsonl, .json, "
                                     ".tsv or .txt (plain, .zst, .zstd or .gz), or a format given");
}

// line(text without its end, 1-based number) for every line.
template <class OnLine>
void for_each_line(Env& env, const fs::path& path, OnLine on_line) {
  LineBatchReader reader(env, path, kBatchBytes);
  while (const auto batch = reader.next()) {
    uint64_t number = batch->first;
    for (std::string_view line : batch->lines()) {
      if (line.ends_with('\r')) line.remove_suffix(1);
      on_line(line, ++number);
    }
  }
}

class TextReader {
 public:
  TextReader(const EvaluationFile& file, const std::function<void(const EvaluationText&)>& take)
      : file_(file), take_(take), fields_(file.fields), found_(file.fields.size()) {}

  void read(Env& env) {
    switch (format_of(file_)) {
      case EvaluationFormat::kByExtension:
      case EvaluationFormat::kPlainText:
        refuse_fields();
        for_each_line(env, file_.path,
                      [this](std::string_view line, uint64_t number) { take_({line, number, 0}); });
        break;
      case EvaluationFormat::kJsonLines:
        if (fields_.empty()) fields_ = {"text"};
        found_.resize(fields_.size());
        for_each_line(env, file_.path, [this](std::string_view line, uint64_t number) {
          if (!str_trim(line).empty()) take_json(line, number);
        });
        break;
      case EvaluationFormat::kTsv:
        for_each_line(env, file_.path,
                      [this](std::string_view line, uint64_t number) { take_tsv(line, number); });
        break;
    }
    check_found();
  }

 private:
  void refuse_fields() const {
    if (fields_.empty() && !file_.header) return;
    throw Error(ErrorCode::kConfig,
                file_.path.string() + ": expected no fields of plain text, got some");
  }

  void take_json(std::string_view line, uint64_t number) {
    const std::string source = str_cat(file_.path.string(), ":", number);
    const Json json = parse_json(line, source);
    for (size_t i = 0; i < fields_.size(); ++i) {
      const Json* value = member(json, fields_[i]);
      if (value == nullptr) continue;
      found_[i] = true;
      std::string text;
      append_text(*value, fields_[i], source, text);
      take_({text, number, i});
    }
  }

  // Null where there is none.
  static const Json* member(const Json& json, std::string_view path) {
    const Json* value = &json;
    while (value->is_object()) {
      const size_t dot = path.find('.');
      const auto entry = value->find(path.substr(0, dot));
      if (entry == value->end()) return nullptr;
      value = &*entry;
      if (dot == std::string_view::npos) return value;
      path.remove_prefix(dot + 1);
    }
    return nullptr;
  }

  static void append_text(const Json& value, const std::string& field, const std::string& source,
                          std::string& text) {
    if (value.is_null()) return;
    if (value.is_array()) {
      for (const Json& element : value) append_text(element, field, source, text);
      return;
    }
    if (!value.is_string()) throw_json_member(source, field, "expected a string or a list of them");
    if (!text.empty()) text += ' ';
    text += value.get_ref<const std::string&>();
  }

  void take_tsv(std::string_view line, uint64_t number) {
    const std::vector<std::string> cells = str_split(line, '\t');
    if (number == 1) find_columns(cells);
    if (number == 1 && file_.header) return;
    if (fields_.empty()) {
      for (size_t i = 0; i < cells.size(); ++i) take_({cells[i], number, i});
      return;
    }
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] >= cells.size()) continue;
      found_[i] = true;
      take_({cells[columns_[i]], number, i});
    }
  }

  void find_columns(const std::vector<std::string>& cells) {
    for (const std::string& field : fields_) {
      size_t column = 0;
      if (file_.header) {
        column = static_cast<size_t>(std::find(cells.begin(), cells.end(), field) - cells.begin());
      } else {
        const auto end = field.data() + field.size();
        const auto result = std::from_chars(field.data(), end, column);
        if (result.ec != std::errc() || result.ptr != end || column == 0) {
          throw Error(ErrorCode::kConfig,
                      str_cat(file_.path.string(),
                              ": expected the number of a column, as there is no header, got ",
                              str_quote(field)));
        }
        --column;
      }
      columns_.push_back(column);
    }
  }

  void check_found() const {
    for (size_t i = 0; i < found_.size(); ++i) {
      if (found_[i]) continue;
      throw Error(ErrorCode::kConfig, str_cat(file_.path.string(), ": expected a field ",
                                              str_quote(fields_[i]), ", got no line that has it"));
    }
  }

  const EvaluationFile& file_;
  const std::function<void(const EvaluationText&)>& take_;
  std::vector<std::string> fields_;
  std::vector<bool> found_;
  std::vector<size_t> columns_;  // of fields_, from 0
};

}  // namespace

void read_evaluation_texts(Env& env, const EvaluationFile& file,
                           const std::function<void(const EvaluationText&)>& take) {
  TextReader(file, take).read(env);
}

std::string field_name(const EvaluationFile& file, size_t field) {
  if (field < file.fields.size()) return file.fields[field];
  switch (format_of(file)) {
    case EvaluationFormat::kJsonLines:
      return "text";
    case EvaluationFormat::kTsv:
      return std::to_string(field + 1);
    case EvaluationFormat::kByExtension:
    case EvaluationFormat::kPlainText:
      break;
  }
  return "";
}

}  // namespace rexbert::curate
