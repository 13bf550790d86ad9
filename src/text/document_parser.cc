#include "text/document_parser.h"

#include <simdjson.h>

#include <charconv>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/input_files.h"
#include "text/json_fields_dom.h"

namespace rexbert::text {
namespace {

static_assert(kRecordPadding >= simdjson::SIMDJSON_PADDING);

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

}  // namespace

FileFormat resolve_format(const fs::path& path, const ReadOptions& options) {
  if (options.format != FileFormat::kByExtension) return options.format;
  const std::string extension = data_extension(path);
  if (extension == ".jsonl" || extension == ".json") return FileFormat::kJsonLines;
  if (extension == ".txt") return FileFormat::kPlainText;
  throw Error(ErrorCode::kUsage,
              str_cat(path.string(),
                      ": the name does not say the format: expected .jsonl, .json "
                      "or .txt (plain, .zst, .zstd or .gz), or a format given"));
}

struct DocumentParser::Json {
  simdjson::dom::parser parser;
};

DocumentParser::DocumentParser(ReadOptions options)
    : options_(std::move(options)), json_(std::make_unique<Json>()) {}
DocumentParser::~DocumentParser() = default;

void DocumentParser::set_file(const fs::path& path, uint32_t file_index) {
  format_ = resolve_format(path, options_);
  asks_for_text_ = format_ == FileFormat::kPlainText ||
                   (!options_.text_field.empty() && options_.json_fields.type.empty());
  file_name_ = path.filename().string();
  file_index_ = file_index;
}

DocumentParser::Outcome DocumentParser::parse(const Record& record, Document& document) {
  if (record.too_long) {
    return bad(str_cat("expected at most ", options_.max_record_bytes, " bytes, got more"));
  }
  const bool plain = format_ == FileFormat::kPlainText;
  if (is_blank(record.bytes) && !(plain && options_.keep_empty)) return Outcome::kEmpty;
  document = {{}, {}, file_index_, record.line, record.offset, {}};
  const Outcome outcome = plain ? parse_plain(record, document) : parse_json(record, document);
  if (outcome != Outcome::kDocument) return outcome;
  if (asks_for_text_ && !options_.keep_empty && is_blank(document.text)) return Outcome::kEmpty;
  if (document.text.find('\0') != std::string_view::npos) {
    return bad("the text holds a NUL character");
  }
  if (document.id.empty()) document.id = fallback_id(record.line);
  return Outcome::kDocument;
}

DocumentParser::Outcome DocumentParser::parse_json(const Record& record, Document& document) {
  simdjson::dom::element root;
  const simdjson::error_code status =
      json_->parser.parse(record.bytes.data(), record.bytes.size(), false).get(root);
  if (status != simdjson::SUCCESS) return bad(describe(status));
  if (!options_.json_fields.empty()) {
    values_.clear();
    if (append_fields(root, options_.json_fields, values_) == 0 &&
        !options_.json_fields.type.empty()) {
      return Outcome::kSkipped;
    }
    document.fields = values_;
    if (!options_.json_fields.type.empty()) return Outcome::kDocument;
  }
  simdjson::dom::object object;
  if (root.get(object) != simdjson::SUCCESS) {
    return bad(str_cat("expected a JSON object, got ", type_name(root.type())));
  }
  int texts = 0;
  for (const auto& [key, value] : object) {
    if (key == options_.text_field && !options_.text_field.empty()) {
      if (value.get(document.text) != simdjson::SUCCESS) {
        return bad(str_cat("field ", str_quote(key), ": expected a string, got ",
                           type_name(value.type())));
      }
      ++texts;
    } else if (key == options_.id_field && !options_.id_field.empty()) {
      int64_t number = 0;
      uint64_t large = 0;
      if (value.is_null()) continue;
      if (value.get(number) == simdjson::SUCCESS || value.get(large) == simdjson::SUCCESS) {
        id_ = large > 0 ? std::to_string(large) : std::to_string(number);
        document.id = id_;
      } else if (value.get(document.id) != simdjson::SUCCESS) {
        return bad(str_cat("field ", str_quote(key), ": expected a string or an integer, got ",
                           type_name(value.type())));
      }
    }
  }
  if (texts == 0 && !options_.text_field.empty())
    return bad(str_cat("no field ", str_quote(options_.text_field)));
  if (texts > 1) return bad(str_cat("field ", str_quote(options_.text_field), " appears twice"));
  return Outcome::kDocument;
}

DocumentParser::Outcome DocumentParser::parse_plain(const Record& record, Document& document) {
  if (!simdjson::validate_utf8(record.bytes.data(), record.bytes.size())) {
    return bad("invalid UTF-8");
  }
  document.text = record.bytes;
  return Outcome::kDocument;
}

DocumentParser::Outcome DocumentParser::bad(std::string reason) {
  reason_ = std::move(reason);
  return Outcome::kBad;
}

std::string_view DocumentParser::fallback_id(uint64_t line) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), line).ptr;
  id_.assign(file_name_).append(1, ':').append(digits, end);
  return id_;
}

}  // namespace rexbert::text
