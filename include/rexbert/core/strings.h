#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert {

// The arguments, streamed one behind the other.
template <class... Args>
std::string str_cat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return std::move(out).str();
}

// printf into a string.
std::string str_printf(const char* format, ...) __attribute__((format(printf, 1, 2)));

std::string str_join(const std::vector<std::string>& parts, std::string_view separator);
std::vector<std::string> str_split(std::string_view text, char separator);
std::string_view str_trim(std::string_view text);

// The text in double quotes with control characters, quotes, backslashes and bytes that are not
// UTF-8 escaped, cut to at most `limit` bytes (then ending in "..."): for error messages.
std::string str_quote(std::string_view text, size_t limit = 80);

// Levenshtein distance of two ASCII strings, in edits.
int edit_distance(std::string_view a, std::string_view b);

// The entry of `known` that is nearest to `word`, if it is near enough to be a typing error;
// otherwise an empty string.
std::string nearest_name(std::string_view word, const std::vector<std::string>& known);

}  // namespace rexbert
