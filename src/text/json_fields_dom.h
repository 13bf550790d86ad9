#pragma once

// The part of json_fields.h that sees simdjson.

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "rexbert/text/json_fields.h"

namespace rexbert::text {

// "a string", "null" and so on, for messages.
std::string_view type_name(simdjson::dom::element_type type);

// "invalid UTF-8" or "broken JSON: ...".
std::string describe(simdjson::error_code status);

// As JsonFieldReader::read() does with the root of a parsed text.
size_t append_fields(simdjson::dom::element root, const JsonFields& fields,
                     std::vector<std::string>& values);

}  // namespace rexbert::text
