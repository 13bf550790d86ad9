#pragma once

#include <string>
#include <vector>

#include "rexbert/config/schema.h"

namespace rexbert::config {

// The reference page in Markdown: a section a block, a row a key, with type, default, unit and
// cost.
std::string reference_page(const std::string& introduction, const std::vector<FieldDoc>& fields);

}  // namespace rexbert::config
