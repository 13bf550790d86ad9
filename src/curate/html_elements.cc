#include "curate/html_elements.h"

#include <algorithm>
#include <array>

#include "curate/header_fields.h"

namespace rexbert::curate {
namespace {

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
  return std::find(std::begin(range), std::end(range), value) != std::end(range);
}

// Table cells are none: a row is one block.
constexpr GumboTag kBlocks[] = {
    GUMBO_TAG_ADDRESS, GUMBO_TAG_ARTICLE,  GUMBO_TAG_ASIDE,  GUMBO_TAG_BLOCKQUOTE,
    GUMBO_TAG_BODY,    GUMBO_TAG_CAPTION,  GUMBO_TAG_CENTER, GUMBO_TAG_DD,
    GUMBO_TAG_DETAILS, GUMBO_TAG_DIR,      GUMBO_TAG_DIV,    GUMBO_TAG_DL,
    GUMBO_TAG_DT,      GUMBO_TAG_FIELDSET, GUMBO_TAG_FIGURE, GUMBO_TAG_FIGCAPTION,
    GUMBO_TAG_FOOTER,  GUMBO_TAG_FORM,     GUMBO_TAG_H1,     GUMBO_TAG_H2,
    GUMBO_TAG_H3,      GUMBO_TAG_H4,       GUMBO_TAG_H5,     GUMBO_TAG_H6,
    GUMBO_TAG_HEADER,  GUMBO_TAG_HGROUP,   GUMBO_TAG_HR,     GUMBO_TAG_HTML,
    GUMBO_TAG_LEGEND,  GUMBO_TAG_LI,       GUMBO_TAG_MAIN,   GUMBO_TAG_MENU,
    GUMBO_TAG_NAV,     GUMBO_TAG_OL,       GUMBO_TAG_P,      GUMBO_TAG_PRE,
    GUMBO_TAG_SECTION, GUMBO_TAG_SUMMARY,  GUMBO_TAG_TABLE,  GUMBO_TAG_TBODY,
    GUMBO_TAG_TFOOT,   GUMBO_TAG_THEAD,    GUMBO_TAG_TR,     GUMBO_TAG_UL};

constexpr GumboTag kNeverContent[] = {
    GUMBO_TAG_HEAD,    GUMBO_TAG_SCRIPT,   GUMBO_TAG_STYLE,  GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE,
    GUMBO_TAG_NAV,     GUMBO_TAG_FOOTER,   GUMBO_TAG_ASIDE,  GUMBO_TAG_IFRAME,   GUMBO_TAG_OBJECT,
    GUMBO_TAG_APPLET,  GUMBO_TAG_SVG,      GUMBO_TAG_CANVAS, GUMBO_TAG_AUDIO,    GUMBO_TAG_VIDEO,
    GUMBO_TAG_SELECT,  GUMBO_TAG_TEXTAREA, GUMBO_TAG_BUTTON, GUMBO_TAG_NOFRAMES, GUMBO_TAG_NOEMBED,
    GUMBO_TAG_DATALIST};

constexpr std::array<std::string_view, 9> kRoles = {"navigation", "banner",  "contentinfo",
                                                    "search",     "dialog",  "alertdialog",
                                                    "menu",       "menubar", "complementary"};

constexpr std::array<std::string_view, 16> kNames = {
    "breadcrumb",    "breadcrumbs",    "navbar",       "navigation",   "nav",    "menu",
    "main-menu",     "sidebar",        "site-header",  "site-footer",  "footer", "cookie-banner",
    "cookie-notice", "cookie-consent", "social-share", "share-buttons"};

}  // namespace

bool is_block(GumboTag tag) { return contains(kBlocks, tag); }

bool is_never_content(GumboTag tag) { return contains(kNeverContent, tag); }

bool is_boilerplate_role(std::string_view role) { return contains(kRoles, role); }

bool has_boilerplate_name(std::string_view names) {
  constexpr std::string_view kBlanks = " \t\r\n\f";
  while (true) {
    names.remove_prefix(std::min(names.find_first_not_of(kBlanks), names.size()));
    if (names.empty()) return false;
    const std::string_view name = names.substr(0, names.find_first_of(kBlanks));
    if (contains(kNames, to_lower_ascii(name))) return true;
    names.remove_prefix(name.size());
  }
}

}  // namespace rexbert::curate
