#include "datasets/json_lines.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::datasets {

bool JsonLines::next() {
  do {
    if (!lines_.next()) return false;
  } while (str_trim(lines_.line()).empty());
  object_ = parse_json(lines_.line(), lines_.where());
  if (!object_.is_object()) fail("a JSON object", object_);
  return true;
}

const std::string& JsonLines::string(std::string_view key) const {
  const Json& value = member(object_, key, "a line");
  if (!value.is_string()) fail(str_cat("a string as ", str_quote(key)), value);
  return value.get_ref<const std::string&>();
}

const Json::array_t& JsonLines::list(std::string_view key) const {
  const Json& value = member(object_, key, "a line");
  if (!value.is_array()) fail(str_cat("a list as ", str_quote(key)), value);
  return value.get_ref<const Json::array_t&>();
}

std::vector<std::string> JsonLines::strings(std::string_view key) const {
  std::vector<std::string> values;
  for (const Json& value : list(key)) {
    if (!value.is_string()) fail(str_cat("a list of strings as ", str_quote(key)), value);
    values.push_back(value.get<std::string>());
  }
  return values;
}

const Json& JsonLines::member(const Json& object, std::string_view key,
                              std::string_view what) const {
  if (!object.is_object()) fail(str_cat("an object as ", what), object);
  const auto found = object.find(key);
  if (found == object.end()) {
    lines_.fail(str_cat(what, " with a member ", str_quote(key)), "none");
  }
  return *found;
}

void JsonLines::fail(std::string_view expected, const Json& got) const {
  lines_.fail(expected, got.is_string() ? str_quote(got.get_ref<const std::string&>())
                                        : str_cat(got.type_name(), " ", str_quote(got.dump())));
}

bool SplitFilter::takes(const JsonLines& json) {
  if (!split_.empty()) {
    const std::string& split = json.string("split");
    if (split != split_) {
      if (std::find(others_.begin(), others_.end(), split) == others_.end()) {
        others_.push_back(split);
      }
      return false;
    }
  }
  ++taken_;
  return true;
}

void SplitFilter::check_taken(const JsonLines& json) const {
  if (taken_ > 0) return;
  if (others_.empty()) json.lines().fail("at least one example", "none");
  json.lines().fail(str_cat("examples of the split ", str_quote(split_)),
                    str_cat("only those of ", str_join(others_, ", ")));
}

}  // namespace rexbert::datasets
