#include "curate/html_cost.h"

#include <algorithm>
#include <array>

#include "curate/header_fields.h"

namespace rexbert::curate {
namespace {

// Elements that have no end tag, or do not need one.
constexpr std::array<std::string_view, 23> kNotNesting = {
    "area", "base", "body",   "br", "col",   "dd",     "dt", "embed", "hr", "img",   "input", "li",
    "link", "meta", "option", "p",  "param", "source", "td", "th",    "tr", "track", "wbr"};

// Elements whose content holds no tags.
constexpr std::array<std::string_view, 4> kRawText = {"script", "style", "textarea", "title"};

constexpr std::string_view kBlanks = " \t\r\n\f";

template <class Range>
bool contains(const Range& range, std::string_view name) {
  return std::find(range.begin(), range.end(), name) != range.end();
}

bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

class Scanner {
 public:
  explicit Scanner(std::string_view html) : html_(html) {}

  HtmlCost run() {
    while (true) {
      at_ = html_.find('<', at_);
      if (at_ == std::string_view::npos) return cost_;
      ++at_;
      if (html_.substr(at_).starts_with("!--")) {
        skip_to("-->");
      } else if (at_ < html_.size() && html_[at_] == '/') {
        ++at_;
        if (!contains(kNotNesting, name())) depth_ -= depth_ > 0 ? 1 : 0;
      } else if (at_ < html_.size() && is_letter(html_[at_])) {
        open_tag();
      }
    }
  }

 private:
  // The tag's name in lower case; one too long to be known is cut.
  std::string name() {
    const size_t begin = at_;
    at_ = std::min(html_.find_first_of(" \t\r\n\f/>", at_), html_.size());
    return to_lower_ascii(html_.substr(begin, std::min<size_t>(at_ - begin, 10)));
  }

  void open_tag() {
    const std::string tag = name();
    attributes();
    if (contains(kRawText, tag)) {
      skip_to("</" + tag);
    } else if (!contains(kNotNesting, tag)) {
      cost_.depth = std::max(cost_.depth, ++depth_);
    }
  }

  // Goes to the tag's end.
  void attributes() {
    size_t count = 0;
    while (at_ < html_.size() && html_[at_] != '>') {
      const char c = html_[at_];
      if (c == '=') {
        at_ = std::min(html_.find_first_not_of(kBlanks, at_ + 1), html_.size());
        if (at_ < html_.size() && (html_[at_] == '"' || html_[at_] == '\'')) {
          at_ = std::min(html_.find(html_[at_], at_ + 1), html_.size() - 1) + 1;
        } else {
          at_ = std::min(html_.find_first_of(" \t\r\n\f>", at_), html_.size());
        }
      } else if (kBlanks.find(c) != std::string_view::npos || c == '/') {
        ++at_;
      } else {
        ++count;
        at_ = std::min(html_.find_first_of(" \t\r\n\f/>=", at_ + 1), html_.size());
      }
    }
    cost_.attributes = std::max(cost_.attributes, count);
  }

  // Goes to where the text is next, whatever its case; to the end where it is not.
  void skip_to(std::string_view lower) {
    const auto same = [](char a, char b) { return a == b || (is_letter(a) && (a | 0x20) == b); };
    const auto found = std::search(html_.begin() + static_cast<std::ptrdiff_t>(at_), html_.end(),
                                   lower.begin(), lower.end(), same);
    at_ = static_cast<size_t>(found - html_.begin());
  }

  const std::string_view html_;
  size_t at_ = 0;
  size_t depth_ = 0;
  HtmlCost cost_;
};

}  // namespace

HtmlCost html_cost(std::string_view html) { return Scanner(html).run(); }

}  // namespace rexbert::curate
