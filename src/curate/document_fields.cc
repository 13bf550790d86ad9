#include "curate/document_fields.h"

#include <simdjson.h>

namespace rexbert::curate {
namespace {

static_assert(FieldParser::kPadding >= simdjson::SIMDJSON_PADDING);

bool read_fields(simdjson::dom::parser& parser, std::string_view line, DocumentFields& fields) {
  simdjson::dom::object object;
  if (parser.parse(line.data(), line.size(), false).get(object) != simdjson::SUCCESS) return false;
  int found = 0;
  for (const auto& [key, value] : object) {
    if (key == "id") {
      if (value.get(fields.id) != simdjson::SUCCESS) return false;
      ++found;
    } else if (key == "text") {
      if (value.get(fields.text) != simdjson::SUCCESS) return false;
      ++found;
    } else if (key == "score") {
      double score = 0;
      if (value.get(score) != simdjson::SUCCESS) return false;
      fields.score = score;
    }
  }
  return found == 2;
}

}  // namespace

struct FieldParser::Json {
  simdjson::dom::parser parser;
};

FieldParser::FieldParser() : json_(std::make_unique<Json>()) {}
FieldParser::~FieldParser() = default;

DocumentFields FieldParser::parse(std::string_view line, std::string_view source) {
  DocumentFields fields;
  if (read_fields(json_->parser, line, fields)) return fields;
  document_ = parse_document(line, source);
  return {document_.id, document_.text, document_.score};
}

}  // namespace rexbert::curate
