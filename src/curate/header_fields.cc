#include "curate/header_fields.h"

#include <algorithm>

#include "rexbert/core/strings.h"

namespace rexbert::curate {

std::string to_lower_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

HeaderFields::HeaderFields(std::string_view lines) {
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    const size_t colon = line.find(':');
    if (colon != std::string_view::npos) {
      fields_.emplace_back(to_lower_ascii(str_trim(line.substr(0, colon))),
                           str_trim(line.substr(colon + 1)));
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

std::string_view HeaderFields::get(std::string_view name) const {
  const std::string lower = to_lower_ascii(name);
  for (const auto& [known, value] : fields_) {
    if (known == lower) return value;
  }
  return {};
}

HeaderEnd find_header_end(std::string_view text) {
  const size_t with_returns = text.find("\r\n\r\n");
  const size_t without = text.find("\n\n");
  if (with_returns == std::string_view::npos && without == std::string_view::npos) return {};
  if (with_returns < without) return {with_returns, with_returns + 4};
  return {without, without + 2};
}

std::string_view parameter(std::string_view value, std::string_view name) {
  while (!value.empty()) {
    const size_t end = std::min(value.find(';'), value.size());
    const std::string_view part = str_trim(value.substr(0, end));
    const size_t equals = part.find('=');
    if (equals != std::string_view::npos &&
        to_lower_ascii(str_trim(part.substr(0, equals))) == name) {
      std::string_view found = str_trim(part.substr(equals + 1));
      if (found.size() >= 2 && (found.front() == '"' || found.front() == '\'') &&
          found.back() == found.front()) {
        found = found.substr(1, found.size() - 2);
      }
      return found;
    }
    value.remove_prefix(std::min(end + 1, value.size()));
  }
  return {};
}

}  // namespace rexbert::curate
