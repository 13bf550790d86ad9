#include "rexbert/html/page.h"

#include "rexbert/core/strings.h"
#include "rexbert/core/utf8.h"

namespace rexbert::html {
namespace {

constexpr std::string_view kBegin = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>)";

constexpr std::string_view kStyle = R"(</title>
<style>
:root { color-scheme: light dark; --page: #fff; --ink: #1c1c1c; --soft: #595959; --rule: #cfcfcf;
  --a: #8a8a8a; --b: #0a62b0; }
@media (prefers-color-scheme: dark) {
  :root { --page: #16181b; --ink: #e8e8e8; --soft: #a8adb3; --rule: #44484d; --a: #8b9096;
    --b: #6db3f2; }
}
body { margin: 0 auto; padding: 0 16px 48px; max-width: 1060px; background: var(--page);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.2rem; font-size: 1.3rem; }
h3 { margin-top: 2rem; font-size: 1.1rem; } h4 { margin-bottom: .3rem; font-size: 1rem; }
.note { color: var(--soft); }
.charts { display: grid; gap: 24px; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); }
figure { margin: 0; max-width: 420px; } figcaption, caption { color: var(--soft); text-align: left; }
svg { display: block; width: 100%; height: auto; overflow: visible; }
svg text { font-size: 12px; fill: var(--ink); }
.a { fill: var(--a); } .b { fill: var(--b); } .mark { fill: none; stroke: var(--ink); stroke-width: 2; }
.axis { stroke: var(--rule); } .line, .line-a { fill: none; stroke: var(--b); stroke-width: 2; }
.line-a, .whisker-a { stroke: var(--a); } .whisker-a, .whisker-b { stroke-width: 2; } .whisker-b { stroke: var(--b); }
.value { fill: none; stroke: var(--ink); }
.wide { overflow-x: auto; margin: 12px 0; background:
  linear-gradient(to right, var(--page) 50%, transparent) 0 0 / 36px 100% no-repeat local,
  linear-gradient(to left, var(--page) 50%, transparent) 100% 0 / 36px 100% no-repeat local,
  linear-gradient(to right, var(--rule), transparent) 0 0 / 18px 100% no-repeat,
  linear-gradient(to left, var(--rule), transparent) 100% 0 / 18px 100% no-repeat; }
table { border-collapse: collapse; font-size: .9rem; overflow-wrap: break-word; }
caption { position: sticky; left: 0; width: min(100%, 100vw - 32px); box-sizing: border-box; }
th, td { max-width: min(26em, 45vw); padding: 4px 14px 4px 0; border-bottom: 1px solid var(--rule); text-align: left;
  vertical-align: top; font-weight: normal; }
thead th { color: var(--soft); vertical-align: bottom; }
.numbers thead th, .numbers td { white-space: nowrap; }
.numbers td, .numbers thead th:not(:first-child) { text-align: right; font-variant-numeric: tabular-nums; }
.numbers thead th.text, .numbers td.text { text-align: left; white-space: normal; }
summary { cursor: pointer; } li { margin: 4px 0; }
</style>
</head>
<body>
<main>
<h1>)";

// What the HTML standard has as errors in an input stream.
bool is_allowed(char32_t c) {
  if (c == '\t' || c == '\n') return true;
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return false;
  if (c >= 0xFDD0 && c <= 0xFDEF) return false;
  return (c & 0xFFFE) != 0xFFFE;
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const char32_t c = take_character(text);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        append_character(is_allowed(c) ? c : U'\uFFFD', out);
    }
  }
  return out;
}

std::string cut(std::string_view text, size_t characters) {
  std::string_view rest = text;
  for (size_t i = 0; i < characters && !rest.empty(); ++i) take_character(rest);
  if (rest.empty()) return std::string(text);
  return std::string(text.substr(0, text.size() - rest.size())) + "...";
}

std::string foreign(std::string_view text) { return str_cat("<bdi>", escape(text), "</bdi>"); }

std::string heading(int level, std::string_view text) {
  return str_cat("<h", level, ">", escape(text), "</h", level, ">\n");
}

std::string table(std::string_view caption, const Row& header, const std::vector<Row>& rows,
                  bool numbers, size_t texts) {
  const auto style = [&](size_t column) {
    return numbers && column > 0 && column < texts ? " class=\"text\"" : "";
  };
  std::string html = str_cat("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"",
                             escape(caption), "\"><table", numbers ? " class=\"numbers\"" : "",
                             "><caption>", escape(caption), "</caption>\n<thead><tr>");
  for (size_t i = 0; i < header.size(); ++i) {
    html += str_cat("<th scope=\"col\"", style(i), ">", escape(header[i]), "</th>");
  }
  html += "</tr></thead>\n<tbody>\n";
  for (const Row& row : rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      html += i == 0 ? str_cat("<th scope=\"row\">", row[i], "</th>")
                     : str_cat("<td", style(i), ">", row[i], "</td>");
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string page(std::string_view title, std::string_view body) {
  const std::string shown = escape(title);
  return str_cat(kBegin, shown, kStyle, shown, "</h1>\n", body, "</main>\n</body>\n</html>\n");
}

}  // namespace rexbert::html
