#pragma once

#include <string>
#include <vector>

#include "curate/html_page.h"
#include "rexbert/curate/source.h"

namespace rexbert::curate {

// The blocks that are text and not boilerplate, as MainTextOptions say, each on lines of its own.
std::string main_text(const std::vector<HtmlBlock>& blocks, const MainTextOptions& options);

}  // namespace rexbert::curate
