// write_parquet CASE FILE ROWS_IN_A_GROUP: writes the Parquet file of a test. A program of its own,
// as Arrow may not be linked with what links with us (src/curate/parquet_module.h). A case that
// ends in .jsonl is a file of JSON lines, whose members id, text, url and domain become columns.

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <parquet/arrow/writer.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "curate/parquet_cases.h"

namespace rexbert::curate {
namespace {

using Columns = std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>;

void require(const arrow::Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "%s\n", status.ToString().c_str());
  std::exit(1);
}

// A column of strings; "-" is null.
std::shared_ptr<arrow::Array> strings(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  for (const std::string& value : values) {
    require(value == "-" ? builder.AppendNull() : builder.Append(value));
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> doubles(const std::vector<double>& values) {
  arrow::DoubleBuilder builder;
  require(builder.AppendValues(values));
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> object(const std::vector<std::string>& names,
                                     const arrow::ArrayVector& members) {
  return arrow::StructArray::Make(members, names).ValueOrDie();
}

// {"x", null, "y"} and null.
std::shared_ptr<arrow::Array> lists() {
  arrow::MemoryPool* const pool = arrow::default_memory_pool();
  const auto values = std::make_shared<arrow::StringBuilder>(pool);
  arrow::ListBuilder builder(pool, values);
  for (const arrow::Status& status : {builder.Append(), values->Append("x"), values->AppendNull(),
                                      values->Append("y"), builder.AppendNull()}) {
    require(status);
  }
  return builder.Finish().ValueOrDie();
}

Columns columns_of_lines(const std::string& path) {
  const std::vector<std::string> names = {"id", "text", "url", "domain"};
  std::vector<std::vector<std::string>> values(names.size());
  std::ifstream lines(path);
  for (std::string line; std::getline(lines, line);) {
    const auto json = nlohmann::json::parse(line);
    for (size_t i = 0; i < names.size(); ++i) values[i].push_back(json.value(names[i], "-"));
  }
  Columns columns;
  for (size_t i = 0; i < names.size(); ++i) columns.emplace_back(names[i], strings(values[i]));
  return columns;
}

Columns columns_of(const std::string& name) {
  if (name.ends_with(".jsonl")) return columns_of_lines(name);
  const ParquetDocuments documents;
  if (name == "documents") {
    return {{"unused", strings({"a", "b", "c"})},
            {"id", strings(documents.ids)},
            {"text", strings(documents.texts)},
            {"url", strings(documents.urls)},
            {"score", doubles(documents.scores)}};
  }
  if (name == "nested") {
    return {{"title", strings({"A", "-"})},
            {"offers", object({"price", "currency"}, {doubles({9.5, 20}), strings({"EUR", "-"})})},
            {"brand", object({"name"}, {strings({"Acme", "-"})})},
            {"tags", lists()}};
  }
  if (name == "bad") return {{"text", strings(parquet_bad_texts())}};
  if (name == "many") return {{"text", strings(parquet_many_texts())}};
  if (name == "none") return {{"text", strings({})}};
  if (name == "untitled") return {{"title", strings({"x"})}};
  if (name == "numbers") return {{"text", doubles({1})}};
  return {};
}

arrow::Status write(const Columns& columns, const std::string& path, int64_t rows_in_a_group) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [column, array] : columns) {
    fields.push_back(arrow::field(column, array->type()));
    arrays.push_back(array);
  }
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::FileOutputStream::Open(path));
  ARROW_RETURN_NOT_OK(
      parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, rows_in_a_group));
  return file->Close();
}

}  // namespace
}  // namespace rexbert::curate

int main(int count, char** words) {
  if (count != 4) return 2;
  const auto columns = rexbert::curate::columns_of(words[1]);
  if (columns.empty()) return 2;
  rexbert::curate::require(rexbert::curate::write(columns, words[2], std::stoll(words[3])));
}
