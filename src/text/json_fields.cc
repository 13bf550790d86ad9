#include "rexbert/text/json_fields.h"

#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "text/json_fields_dom.h"

namespace rexbert::text {
namespace {

using simdjson::dom::element_type;
using Element = simdjson::dom::element;
using Object = simdjson::dom::object;

std::string text_of(Element value, std::string_view path, std::string_view separator);

std::string member_text(Object object, std::string_view path, std::string_view separator) {
  Element member;
  if (object.at_key(path).get(member) == simdjson::SUCCESS) return text_of(member, {}, separator);
  const size_t dot = path.find('.');
  if (dot == std::string_view::npos) return {};
  if (object.at_key(path.substr(0, dot)).get(member) != simdjson::SUCCESS) return {};
  return text_of(member, path.substr(dot + 1), separator);
}

std::string list_text(simdjson::dom::array list, std::string_view path,
                      std::string_view separator) {
  std::string joined;
  for (const Element entry : list) {
    const std::string text = text_of(entry, path, separator);
    if (text.empty()) continue;
    if (!joined.empty()) joined += separator;
    joined += text;
  }
  return joined;
}

// The text of what `path` names below `value`; of the value itself where the path is empty.
std::string text_of(Element value, std::string_view path, std::string_view separator) {
  switch (value.type()) {
    case element_type::ARRAY:
      return list_text(simdjson::dom::array(value), path, separator);
    case element_type::OBJECT: {
      const Object object(value);
      if (!path.empty()) return member_text(object, path, separator);
      std::string name = member_text(object, "name", separator);
      return name.empty() ? member_text(object, "@value", separator) : name;
    }
    case element_type::NULL_VALUE:
      return {};
    case element_type::STRING:
      return path.empty() ? std::string(std::string_view(value)) : std::string();
    default:
      return path.empty() ? simdjson::minify(value) : std::string();
  }
}

bool names_type(Element value, std::string_view type) {
  if (value.is_array()) {
    for (const Element entry : simdjson::dom::array(value)) {
      if (names_type(entry, type)) return true;
    }
    return false;
  }
  if (!value.is_string()) return false;
  const std::string_view name(value);
  return name == type || (name.ends_with(type) && name.ends_with(str_cat("/", type)));
}

void append_members(Object object, const JsonFields& fields, std::vector<std::string>& values) {
  for (const std::string& path : fields.paths) {
    values.push_back(path.empty() ? std::string()
                                  : member_text(object, path, fields.list_separator));
  }
}

size_t append_typed(Element value, const JsonFields& fields, std::vector<std::string>& values) {
  size_t found = 0;
  if (value.is_array()) {
    for (const Element entry : simdjson::dom::array(value)) {
      found += append_typed(entry, fields, values);
    }
  } else if (value.is_object()) {
    const Object object(value);
    Element type;
    if (object.at_key("@type").get(type) == simdjson::SUCCESS && names_type(type, fields.type)) {
      append_members(object, fields, values);
      return 1;
    }
    for (const auto& [key, member] : object) found += append_typed(member, fields, values);
  }
  return found;
}

}  // namespace

std::string_view type_name(element_type type) {
  switch (type) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return "a number";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    case element_type::NULL_VALUE:
      return "null";
  }
  return "something else";
}

std::string describe(simdjson::error_code status) {
  if (status == simdjson::UTF8_ERROR) return "invalid UTF-8";
  return str_cat("broken JSON: ", simdjson::error_message(status));
}

size_t append_fields(Element root, const JsonFields& fields, std::vector<std::string>& values) {
  if (!fields.type.empty()) return append_typed(root, fields, values);
  Object object;
  if (root.get(object) != simdjson::SUCCESS) return 0;
  append_members(object, fields, values);
  return 1;
}

struct JsonFieldReader::Impl {
  JsonFields fields;
  simdjson::dom::parser parser;
};

JsonFieldReader::JsonFieldReader(JsonFields fields) : impl_(std::make_unique<Impl>()) {
  impl_->fields = std::move(fields);
}
JsonFieldReader::~JsonFieldReader() = default;

size_t JsonFieldReader::read(std::string_view json, std::vector<std::string>& values) {
  Element root;
  const simdjson::error_code status = impl_->parser.parse(json.data(), json.size()).get(root);
  if (status != simdjson::SUCCESS) throw Error(ErrorCode::kCorrupt, describe(status));
  return append_fields(root, impl_->fields, values);
}

}  // namespace rexbert::text
