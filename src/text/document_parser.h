#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/text/document_reader.h"
#include "rexbert/text/record_reader.h"

namespace rexbert::text {

// The format of `path` under `options`; Error(kUsage) when its extension says nothing.
FileFormat resolve_format(const fs::path& path, const ReadOptions& options);

// Turns records into documents. For one thread at a time; JSON is validated in full.
class DocumentParser {
 public:
  enum class Outcome { kDocument, kEmpty, kSkipped, kBad };

  explicit DocumentParser(ReadOptions options);
  ~DocumentParser();

  // The file that the next records come from.
  void set_file(const fs::path& path, uint32_t file_index);
  // kRecordPadding bytes behind record.bytes must be readable. Views in `document` are valid until
  // the next call or the end of the record. kBad: reason() says why.
  Outcome parse(const Record& record, Document& document);
  const std::string& reason() const { return reason_; }

 private:
  struct Json;

  Outcome parse_json(const Record& record, Document& document);
  Outcome parse_plain(const Record& record, Document& document);
  Outcome bad(std::string reason);
  std::string_view fallback_id(uint64_t line);

  ReadOptions options_;
  FileFormat format_ = FileFormat::kPlainText;
  bool asks_for_text_ = true;
  std::unique_ptr<Json> json_;
  std::string file_name_;
  uint32_t file_index_ = 0;
  std::string id_;
  std::vector<std::string> values_;
  std::string reason_;
};

}  // namespace rexbert::text
