#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::curate {

// A piece of a page that stands for itself: a paragraph, a heading, an entry of a list, a row of a
// table.
struct HtmlBlock {
  std::string text;         // blanks collapsed; '\n' only where the page breaks a line
  uint32_t link_bytes = 0;  // of the text, inside links
};

// A parsed HTML page.
class HtmlPage {
 public:
  // `html` is UTF-8. Throws Error(kCorrupt), without a place, for a page that nests deeper, or
  // takes more memory, than any that people read.
  explicit HtmlPage(std::string_view html);
  ~HtmlPage();
  HtmlPage(const HtmlPage&) = delete;
  HtmlPage& operator=(const HtmlPage&) = delete;

  // The blocks with a text, in order: without scripts, styles, forms' controls, what is hidden, and
  // what the page itself marks as navigation, header, footer or aside.
  std::vector<HtmlBlock> blocks() const;

  // The texts of its scripts of the type application/ld+json.
  std::vector<std::string> json_ld() const;

 private:
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

}  // namespace rexbert::curate
