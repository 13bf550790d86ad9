#pragma once

#include <gumbo.h>

#include <string_view>

namespace rexbert::curate {

// Whether the element begins a block of its own.
bool is_block(GumboTag tag);

// Whether what lies in the element is no text of the page's content: scripts, controls, navigation.
// <header> is not among them.
bool is_never_content(GumboTag tag);

// Whether the ARIA role is that of navigation, header, footer, search or dialog.
bool is_boilerplate_role(std::string_view role);

// Whether one of the words of a class or id attribute is a common name of navigation or of notices.
bool has_boilerplate_name(std::string_view names);

}  // namespace rexbert::curate
