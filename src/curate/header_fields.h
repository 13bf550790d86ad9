#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rexbert::curate {

// Header fields as HTTP and WARC write them: "Name: value" a line. Names are compared without
// regard to case; a line that is no field is left aside.
class HeaderFields {
 public:
  HeaderFields() = default;
  explicit HeaderFields(std::string_view lines);

  // The first value of the name without blanks around it; empty where there is none.
  std::string_view get(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> fields_;  // names in lower case
};

std::string to_lower_ascii(std::string_view text);

// Where the empty line lies that ends header lines, and where what is behind it begins; npos, npos
// without one.
struct HeaderEnd {
  size_t end = std::string_view::npos;
  size_t body = std::string_view::npos;
};
HeaderEnd find_header_end(std::string_view text);

// The parameter of a header's value: parameter("text/html; charset=utf-8", "charset") is "utf-8".
std::string_view parameter(std::string_view value, std::string_view name);

}  // namespace rexbert::curate
