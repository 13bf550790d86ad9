#pragma once

#include <string>
#include <string_view>

namespace rexbert::curate {

// Any text as HTML that shows it, in elements and in quoted attributes: markup characters become
// references; controls, noncharacters and bytes that are not UTF-8 become U+FFFD.
std::string html_escape(std::string_view text);

// The first `characters` of UTF-8 text, "..." behind where it goes on.
std::string cut_text(std::string_view text, size_t characters);

}  // namespace rexbert::curate
