#include "curate/line_batches.h"

#include <algorithm>

#include "curate/document_fields.h"

namespace rexbert::curate {

std::vector<std::string_view> LineBatch::lines() const {
  std::vector<std::string_view> result;
  result.reserve(line_count);
  std::string_view rest = bytes;
  for (uint64_t i = 0; i < line_count; ++i) {
    const size_t end = rest.find('\n');
    result.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return result;
}

LineBatchReader::LineBatchReader(Env& env, const fs::path& path, size_t batch_bytes)
    : source_(open_byte_source(env, path)), batch_bytes_(batch_bytes) {}

// Reads until there are batch_bytes_ more or the file ends.
void LineBatchReader::fill(std::string& bytes) {
  size_t size = bytes.size();
  bytes.resize(size + batch_bytes_);
  while (size < bytes.size() && !at_end_) {
    const size_t got = source_->read(bytes.data() + size, bytes.size() - size);
    size += got;
    at_end_ = got == 0;
  }
  bytes.resize(size);
}

std::optional<LineBatch> LineBatchReader::next() {
  LineBatch batch;
  batch.first = lines_;
  batch.bytes = std::move(rest_);
  rest_.clear();
  size_t end = std::string::npos;
  while (end == std::string::npos && !at_end_) {
    const size_t searched = batch.bytes.size();
    fill(batch.bytes);
    end = std::string_view(batch.bytes).substr(searched).rfind('\n');
    if (end != std::string::npos) end += searched;
  }
  if (at_end_) {
    if (batch.bytes.empty()) return std::nullopt;
    if (!batch.bytes.ends_with('\n')) batch.bytes += '\n';
    end = batch.bytes.size() - 1;
  }
  rest_ = batch.bytes.substr(end + 1);
  batch.bytes.resize(end + 1);
  batch.line_count =
      static_cast<uint64_t>(std::count(batch.bytes.begin(), batch.bytes.end(), '\n'));
  lines_ += batch.line_count;
  batch.bytes.append(FieldParser::kPadding, '\0');
  return batch;
}

}  // namespace rexbert::curate
