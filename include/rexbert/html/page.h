#pragma once

#include <string>
#include <string_view>
#include <vector>

// html: reports as pages that a browser shows. No page refers to anything outside of it, and all
// are readable on a telephone and where dark colours are asked for.
namespace rexbert::html {

// Any text as HTML that shows it, in elements and in quoted attributes: markup characters become
// references; controls, noncharacters and bytes that are not UTF-8 become U+FFFD.
std::string escape(std::string_view text);

// The first `characters` of UTF-8 text, "..." behind where it goes on.
std::string cut(std::string_view text, size_t characters);

// The escaped text of somebody else, whose direction of writing stays its own.
std::string foreign(std::string_view text);

// A heading of level 1 to 6; `text` is escaped here.
std::string heading(int level, std::string_view text);

// Cells are HTML already.
using Row = std::vector<std::string>;
// The first cell of a row is its header. The others are right-aligned where `numbers`, but for
// those of the first `texts` columns. Caption and header are escaped here. A table wider than the
// screen is scrolled by itself.
std::string table(std::string_view caption, const Row& header, const std::vector<Row>& rows,
                  bool numbers = true, size_t texts = 1);

// The whole page, its style included. `title` is escaped here; `body` is HTML.
//
// Classes of the style: "note" (secondary text), "charts" (a grid of figures), and those that
// charts take, "a" and "b" (two series), "axis", "line" and "mark".
std::string page(std::string_view title, std::string_view body);

}  // namespace rexbert::html
