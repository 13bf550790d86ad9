#include "curate/report_page.h"

#include <map>

#include "curate/report_sections.h"
#include "rexbert/core/strings.h"
#include "rexbert/html/page.h"
#include "rexbert/html/svg_chart.h"

namespace rexbert::curate {
namespace {

std::string model_figure(const std::string& name, const Json& model) {
  std::vector<html::Point> points;
  for (const Json& point : model["curve"]) points.push_back({point[2], point[1]});
  const std::string alt = str_printf(
      "Precision over recall of held-out lines; chosen: threshold %.3f, precision %.3f, "
      "recall %.3f",
      model["threshold"].get<double>(), model["precision"].get<double>(),
      model["recall"].get<double>());
  return str_cat("<figure><figcaption>", html::escape(alt), "</figcaption>",
                 html::curve_chart(name + ": " + alt, "recall", "precision", points,
                                   {model["recall"], model["precision"]}),
                 "</figure>\n");
}

std::string terms_table(const std::string& caption, const Json& terms) {
  std::vector<html::Row> rows;
  for (const Json& term : terms) {
    rows.push_back({foreign(term["term"]), str_printf("%.1f", term["z"].get<double>()),
                    shown_count(term["kept"]), shown_count(term["dropped"])});
  }
  return html::table(caption, {"Word", "z", "Kept", "Dropped"}, rows);
}

std::string drawn_lines(const std::string& summary, const Json& lines) {
  std::string out = str_cat("<details><summary>", html::escape(summary), "</summary>\n<ul>\n");
  for (const Json& line : lines) {
    out += str_cat("<li>", foreign(line["text"]), " <span class=\"note\">(", foreign(line["id"]),
                   ", line ", line["line"].get<uint64_t>(), ")</span></li>\n");
  }
  return out + "</ul></details>\n";
}

std::string sample_part(const Json& sample) {
  const Json& lines = sample["lines"];
  std::string out = html::heading(4, "Words and lines of the sample");
  out += str_cat("<p>Of ", shown_count(sample["documents"]), " sampled documents, ",
                 shown_count(sample["kept_lines"]), " lines are kept and ",
                 shown_count(sample["dropped_lines"]), " dropped.</p>\n<div class=\"charts\">\n",
                 terms_table("Words of kept lines", sample["terms"]["kept"]),
                 terms_table("Words of dropped lines", sample["terms"]["dropped"]), "</div>\n");
  out += drawn_lines(str_cat(lines["kept"].size(), " kept lines, drawn at random"), lines["kept"]);
  return out + drawn_lines(str_cat(lines["dropped"].size(), " dropped lines, drawn at random"),
                           lines["dropped"]);
}

// What a dropped document is said to have kept (reason_to_drop).
std::string drop_reason(const std::string& reason) {
  static const std::map<std::string, std::string> reasons = {
      {"no line", "with no e-commerce line"},
      {"share", "with too small a share of e-commerce"},
      {"length", "with too little e-commerce text"}};
  const auto known = reasons.find(reason);
  return known == reasons.end() ? str_cat("for ", html::escape(reason)) : known->second;
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
  std::string out = str_cat("<section><h3>", foreign(domain["domain"]), "</h3>\n",
                            dropped_documents(domain["dropped"]), "<div class=\"charts\">\n");
  out += model_figure(name, domain["model"]);
  out +=
      str_cat("<figure><figcaption>Share of kept lines by score</figcaption>",
              scores_chart("Scores of the kept lines of " + name, "kept lines", domain["scores"]),
              "</figure>\n");
  out += str_cat("<figure><figcaption>Share of documents by size of text</figcaption>",
                 lengths_chart(name, domain["lengths"]), "</figure>\n</div>\n");
  if (domain.contains("sample")) out += sample_part(domain["sample"]);
  return out + "</section>\n";
}

}  // namespace

std::string report_page(const Json& report) {
  std::string out = funnel_section(report) + domains_section(report) + lengths_section(report) +
                    audit_section(report) + duplicates_section(report) +
                    contamination_section(report);
  out += html::heading(2, "Domain by domain");
  out += str_cat(
      "<p class=\"note\">Words are ordered by the log-odds of standing in kept rather than dropped "
      "lines, as z-scores with a Dirichlet prior of ",
      str_printf("%.0f", report["sample"]["prior_words"].get<double>()),
      " words that are distributed as in the whole sample (Monroe, Colaresi and Quinn 2008); of a "
      "document, the first ",
      shown_count(report["sample"]["words_per_document"]),
      " count. The sample has documents of all lengths in equal parts, so its lines are not drawn "
      "evenly from the crawl.</p>\n");
  for (const Json& domain : report["domains"]) out += domain_section(domain);
  return html::page("Curation report", out);
}

}  // namespace rexbert::curate
