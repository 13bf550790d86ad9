#include "curate/report_page.h"

#include <map>

#include "curate/html_text.h"
#include "curate/report_sections.h"
#include "curate/svg_chart.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr const char* kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Curation report</title>
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
.axis { stroke: var(--rule); } .line { fill: none; stroke: var(--b); stroke-width: 2; }
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
summary { cursor: pointer; } li { margin: 4px 0; }
</style>
</head>
<body>
<main>
<h1>Curation report</h1>
)";

std::string model_figure(const std::string& name, const Json& model) {
  std::vector<Point> points;
  for (const Json& point : model["curve"]) points.push_back({point[2], point[1]});
  const std::string alt = str_printf(
      "Precision over recall of held-out lines; chosen: threshold %.3f, precision %.3f, "
      "recall %.3f",
      model["threshold"].get<double>(), model["precision"].get<double>(),
      model["recall"].get<double>());
  return str_cat("<figure><figcaption>", html_escape(alt), "</figcaption>",
                 curve_chart(name + ": " + alt, "recall", "precision", points,
                             {model["recall"], model["precision"]}),
                 "</figure>\n");
}

std::string terms_table(const std::string& caption, const Json& terms) {
  std::vector<Row> rows;
  for (const Json& term : terms) {
    rows.push_back({html_foreign(term["term"]), str_printf("%.1f", term["z"].get<double>()),
                    shown_count(term["kept"]), shown_count(term["dropped"])});
  }
  return html_table(caption, {"Word", "z", "Kept", "Dropped"}, rows);
}

std::string drawn_lines(const std::string& summary, const Json& lines) {
  std::string html = str_cat("<details><summary>", html_escape(summary), "</summary>\n<ul>\n");
  for (const Json& line : lines) {
    html += str_cat("<li>", html_foreign(line["text"]), " <span class=\"note\">(",
                    html_foreign(line["id"]), ", line ", line["line"].get<uint64_t>(),
                    ")</span></li>\n");
  }
  return html + "</ul></details>\n";
}

std::string sample_part(const Json& sample) {
  const Json& lines = sample["lines"];
  std::string html = html_heading(4, "Words and lines of the sample");
  html += str_cat("<p>Of ", shown_count(sample["documents"]), " sampled documents, ",
                  shown_count(sample["kept_lines"]), " lines are kept and ",
                  shown_count(sample["dropped_lines"]), " dropped.</p>\n<div class=\"charts\">\n",
                  terms_table("Words of kept lines", sample["terms"]["kept"]),
                  terms_table("Words of dropped lines", sample["terms"]["dropped"]), "</div>\n");
  html += drawn_lines(str_cat(lines["kept"].size(), " kept lines, drawn at random"), lines["kept"]);
  return html + drawn_lines(str_cat(lines["dropped"].size(), " dropped lines, drawn at random"),
                            lines["dropped"]);
}

// What a dropped document is said to have kept (reason_to_drop).
std::string drop_reason(const std::string& reason) {
  static const std::map<std::string, std::string> reasons = {
      {"no line", "with no e-commerce line"},
      {"share", "with too small a share of e-commerce"},
      {"length", "with too little e-commerce text"}};
  const auto known = reasons.find(reason);
  return known == reasons.end() ? str_cat("for ", html_escape(reason)) : known->second;
}

std::string dropped_documents(const Json& dropped) {
  std::vector<std::string> parts;
  for (const auto& [reason, count] : dropped.items()) {
    parts.push_back(str_cat(shown_count(count), " ", drop_reason(reason)));
  }
  if (parts.empty()) return "<p>No document was dropped by the filter.</p>\n";
  return str_cat("<p>Documents dropped by the filter: ", str_join(parts, ", "), ".</p>\n");
}

std::string domain_section(const Json& domain) {
  const auto name = domain["domain"].get<std::string>();
  std::string html = str_cat("<section><h3>", html_foreign(domain["domain"]), "</h3>\n",
                             dropped_documents(domain["dropped"]), "<div class=\"charts\">\n");
  html += model_figure(name, domain["model"]);
  html +=
      str_cat("<figure><figcaption>Share of kept lines by score</figcaption>",
              scores_chart("Scores of the kept lines of " + name, "kept lines", domain["scores"]),
              "</figure>\n");
  html += str_cat("<figure><figcaption>Share of documents by size of text</figcaption>",
                  lengths_chart(name, domain["lengths"]), "</figure>\n</div>\n");
  if (domain.contains("sample")) html += sample_part(domain["sample"]);
  return html + "</section>\n";
}

}  // namespace

std::string report_page(const Json& report) {
  std::string html = kHead;
  html += funnel_section(report) + domains_section(report) + lengths_section(report) +
          audit_section(report) + duplicates_section(report) + contamination_section(report);
  html += html_heading(2, "Domain by domain");
  html += str_cat(
      "<p class=\"note\">Words are ordered by the log-odds of standing in kept rather than dropped "
      "lines, as z-scores with a Dirichlet prior of ",
      str_printf("%.0f", report["sample"]["prior_words"].get<double>()),
      " words that are distributed as in the whole sample (Monroe, Colaresi and Quinn 2008); of a "
      "document, the first ",
      shown_count(report["sample"]["words_per_document"]),
      " count. The sample has documents of all lengths in equal parts, so its lines are not drawn "
      "evenly from the crawl.</p>\n");
  for (const Json& domain : report["domains"]) html += domain_section(domain);
  return html + "</main>\n</body>\n</html>\n";
}

}  // namespace rexbert::curate
