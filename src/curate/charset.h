#pragma once

#include <string>
#include <string_view>

namespace rexbert::curate {

// The text of an HTML page in UTF-8. Its charset is that of a byte order mark, else `declared` (of
// the HTTP header; may be empty), else of a <meta> among the first 1024 bytes, else UTF-8 if it is
// that, else windows-1252, with the labels' meanings of https://encoding.spec.whatwg.org. Bytes
// that do not belong to the charset become U+FFFD. Throws Error(kCorrupt), without a place, for an
// unknown charset and where more than one byte in a hundred do not belong to it.
std::string page_to_utf8(std::string_view page, std::string_view declared);

}  // namespace rexbert::curate
