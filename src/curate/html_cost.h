#pragma once

#include <cstddef>
#include <string_view>

namespace rexbert::curate {

// What makes a parser of HTML slow: it takes time in proportion to the depth for each element, and
// to the square of a tag's attributes.
struct HtmlCost {
  size_t depth = 0;       // tags that open less tags that close, at the most
  size_t attributes = 0;  // of one tag, at the most
};

// Bounds for a page, as far as one can tell without parsing it.
HtmlCost html_cost(std::string_view html);

}  // namespace rexbert::curate
