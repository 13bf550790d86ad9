// The module librexbert_parquet.so: all of the program that sees Arrow.

#include "curate/parquet_module.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/properties.h>

#include <algorithm>
#include <exception>
#include <memory>
#include <set>
#include <string_view>
#include <utility>

namespace rexbert::curate {
namespace {

constexpr int64_t kRowsAtOnce = 256;
constexpr int64_t kReadBytes = int64_t{1} << 20;

// The process's file as Arrow sees it.
class InputFile final : public arrow::io::RandomAccessFile {
 public:
  explicit InputFile(ParquetInput& input) : input_(input) {}

  arrow::Status Close() override {
    closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return static_cast<int64_t>(input_.size()); }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t bytes, void* out) override {
    const int64_t left = static_cast<int64_t>(input_.size()) - position;
    const int64_t length = std::max<int64_t>(0, std::min(bytes, left));
    if (length > 0 && !input_.read(static_cast<uint64_t>(position), static_cast<size_t>(length),
                                   static_cast<char*>(out))) {
      return arrow::Status::IOError("the file cannot be read");
    }
    return length;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(bytes));
    ARROW_ASSIGN_OR_RAISE(const int64_t length, ReadAt(position, bytes, buffer->mutable_data()));
    ARROW_RETURN_NOT_OK(buffer->Resize(length));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }
  arrow::Result<int64_t> Read(int64_t bytes, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t length, ReadAt(position_, bytes, out));
    position_ += length;
    return length;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t bytes) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, bytes));
    position_ += buffer->size();
    return buffer;
  }

 private:
  ParquetInput& input_;
  int64_t position_ = 0;
  bool closed_ = false;
};

std::string text_of(const arrow::Array& array, int64_t row, std::string_view path,
                    std::string_view separator);

std::string member_text(const arrow::StructArray& object, int64_t row, std::string_view path,
                        std::string_view separator) {
  if (const auto member = object.GetFieldByName(std::string(path))) {
    return text_of(*member, row, {}, separator);
  }
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) return {};
  const auto member = object.GetFieldByName(std::string(path.substr(0, dot)));
  return member == nullptr ? std::string() : text_of(*member, row, path.substr(dot + 1), separator);
}

template <class List>
std::string list_text(const List& list, int64_t row, std::string_view path,
                      std::string_view separator) {
  std::string joined;
  for (int64_t i = list.value_offset(row); i < list.value_offset(row) + list.value_length(row);
       ++i) {
    const std::string text = text_of(*list.values(), i, path, separator);
    if (text.empty()) continue;
    if (!joined.empty()) joined += separator;
    joined += text;
  }
  return joined;
}

// As text::JsonFields say it for JSON.
std::string text_of(const arrow::Array& array, int64_t row, std::string_view path,
                    std::string_view separator) {
  if (array.IsNull(row)) return {};
  switch (array.type_id()) {
    case arrow::Type::STRUCT: {
      const auto& object = static_cast<const arrow::StructArray&>(array);
      if (!path.empty()) return member_text(object, row, path, separator);
      std::string name = member_text(object, row, "name", separator);
      return name.empty() ? member_text(object, row, "@value", separator) : name;
    }
    case arrow::Type::LIST:
      return list_text(static_cast<const arrow::ListArray&>(array), row, path, separator);
    case arrow::Type::LARGE_LIST:
      return list_text(static_cast<const arrow::LargeListArray&>(array), row, path, separator);
    case arrow::Type::FIXED_SIZE_LIST:
      return list_text(static_cast<const arrow::FixedSizeListArray&>(array), row, path, separator);
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
      return text_of(*coded.dictionary(), coded.GetValueIndex(row), path, separator);
    }
    default:
      break;
  }
  if (!path.empty()) return {};
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::string(static_cast<const arrow::BinaryArray&>(array).GetView(row));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return std::string(static_cast<const arrow::LargeBinaryArray&>(array).GetView(row));
    default: {
      const auto scalar = array.GetScalar(row);
      return scalar.ok() ? (*scalar)->ToString() : std::string();
    }
  }
}

bool is_text(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return true;
    case arrow::Type::DICTIONARY:
      return is_text(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      return false;
  }
}

class ArrowRows final : public ParquetRows {
 public:
  ArrowRows(ParquetInput& input, const ParquetRequest& request)
      : input_(std::make_shared<InputFile>(input)), request_(request) {}

  Step next(std::vector<std::string>& values) override {
    try {
      const arrow::Result<Step> step = read_row(values);
      if (step.ok()) return *step;
      reason_ = step.status().message();
    } catch (const std::exception& error) {
      reason_ = error.what();
    }
    return Step::kFailed;
  }
  const std::string& reason() const override { return reason_; }

 private:
  arrow::Result<Step> read_row(std::vector<std::string>& values) {
    if (!reader_) ARROW_RETURN_NOT_OK(open());
    while (!batch_ || row_ == batch_->num_rows()) {
      ARROW_RETURN_NOT_OK(batches_->ReadNext(&batch_));
      if (!batch_) return Step::kEnd;
      ARROW_ASSIGN_OR_RAISE(rows_, batch_->ToStructArray());
      row_ = 0;
    }
    const int64_t row = row_++;
    if (!request_.text_column.empty() &&
        batch_->GetColumnByName(request_.text_column)->IsNull(row)) {
      return Step::kNullText;
    }
    values.clear();
    for (const std::string& path : request_.paths) {
      values.push_back(path.empty() ? std::string()
                                    : member_text(*rows_, row, path, request_.list_separator));
    }
    return Step::kRow;
  }

  arrow::Status open() {
    parquet::ReaderProperties properties;
    properties.enable_buffered_stream();
    properties.set_buffer_size(kReadBytes);
    parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
    arrow_properties.set_batch_size(kRowsAtOnce);
    arrow_properties.set_pre_buffer(false);
    parquet::arrow::FileReaderBuilder builder;
    ARROW_RETURN_NOT_OK(builder.Open(input_, properties));
    builder.properties(arrow_properties);
    ARROW_ASSIGN_OR_RAISE(reader_, builder.Build());
    std::vector<int> row_groups(static_cast<size_t>(reader_->num_row_groups()));
    for (size_t i = 0; i < row_groups.size(); ++i) row_groups[i] = static_cast<int>(i);
    ARROW_ASSIGN_OR_RAISE(batches_, reader_->GetRecordBatchReader(row_groups, columns()));
    return check_text_column();
  }

  // The leaves of the columns that the paths name: only they are read.
  std::vector<int> columns() const {
    std::set<std::string> names;
    for (const std::string& path : request_.paths) {
      names.insert(path);
      names.insert(path.substr(0, path.find('.')));
    }
    const parquet::SchemaDescriptor& schema = *reader_->parquet_reader()->metadata()->schema();
    std::vector<int> leaves;
    for (int i = 0; i < schema.num_columns(); ++i) {
      if (names.contains(schema.Column(i)->path()->ToDotVector().front())) leaves.push_back(i);
    }
    return leaves;
  }

  arrow::Status check_text_column() const {
    const std::string& name = request_.text_column;
    if (name.empty()) return arrow::Status::OK();
    const auto field = batches_->schema()->GetFieldByName(name);
    if (field && is_text(*field->type())) return arrow::Status::OK();
    return arrow::Status::Invalid("expected a column \"", name, "\" of strings, got ",
                                  field ? field->type()->ToString() : "none");
  }

  const std::shared_ptr<InputFile> input_;
  const ParquetRequest request_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  std::shared_ptr<arrow::StructArray> rows_;
  int64_t row_ = 0;  // the next one in the batch
  std::string reason_;
};

}  // namespace
}  // namespace rexbert::curate

extern "C" __attribute__((visibility("default"))) rexbert::curate::ParquetRows*
rexbert_open_parquet_rows(rexbert::curate::ParquetInput& input,
                          const rexbert::curate::ParquetRequest& request) {
  return new rexbert::curate::ArrowRows(input, request);
}
