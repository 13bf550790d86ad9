#include "rexbert/core/json.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert {

Json parse_json(std::string_view text, std::string_view source) {
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& failure) {
    const size_t at = std::min(failure.byte > 0 ? failure.byte - 1 : 0, text.size());
    const std::string_view before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const size_t line_begin =
        before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    std::string what = failure.what();
    // nlohmann's "[json.exception...] parse error at line 1, column 2: what"; ours says the place.
    const size_t place = what.find("parse error");
    if (const size_t colon = what.find(": ", place);
        place != std::string::npos && colon != std::string::npos) {
      what = what.substr(colon + 2);
    }
    throw Error(ErrorCode::kCorrupt, str_cat(source, ": line ", line, ", column ",
                                             at - line_begin + 1, ": not valid JSON: ", what));
  }
}

void throw_json_member(std::string_view source, std::string_view key, std::string_view problem) {
  throw Error(ErrorCode::kCorrupt, str_cat(source, ": ", key, ": ", problem));
}

}  // namespace rexbert
