#include "shard/json_fields.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace rexbert::shard {

std::optional<uint64_t> parse_size_limit(const Json& json, std::string_view source) {
  if (json.is_null()) return std::nullopt;
  if (json.is_number_unsigned()) return json.get<uint64_t>();
  const auto refuse = [&] {
    fail(source, str_cat("size_limit: expected null or a size such as 67108864 or \"64mb\", got ",
                         json.dump()));
  };
  if (!json.is_string()) refuse();
  std::string text(str_trim(json.get<std::string>()));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  double unit = 1;
  if (text.ends_with('b')) {
    text.pop_back();
    const size_t power =
        text.empty() ? std::string_view::npos : std::string_view("kmgt").find(text.back());
    if (power != std::string_view::npos) {
      text.pop_back();
      unit = std::pow(1024.0, static_cast<double>(power + 1));
    }
  }
  size_t used = 0;
  double number = -1;
  if (text.find_first_not_of("0123456789.") == std::string::npos) {
    try {
      number = std::stod(text, &used);
    } catch (const std::exception&) {
      refuse();
    }
  }
  if (used != text.size() || number < 0 || number * unit > 1e18) refuse();
  return static_cast<uint64_t>(number * unit);
}

}  // namespace rexbert::shard
