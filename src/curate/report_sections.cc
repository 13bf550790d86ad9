#include "curate/report_sections.h"

#include <map>

#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/html/page.h"
#include "rexbert/html/svg_chart.h"

namespace rexbert::curate {
namespace {

constexpr size_t kBars = 20;

std::string stage_name(const std::string& stage) {
  static const std::map<std::string, std::string> names = {
      {"read", "Read"},
      {"chosen", "In the chosen domains"},
      {"filter", "With e-commerce lines"},
      {"dedup", "Without duplicates"},
      {"decontaminate", "Without evaluation text"}};
  return names.at(stage);
}

std::string bytes_label(uint64_t bytes) {
  for (const char* unit : {" B", " KiB", " MiB", " GiB"}) {
    if (bytes < 1024) return str_cat(bytes, unit);
    bytes /= 1024;
  }
  return str_cat(bytes, " TiB");
}

std::string left_out(const Json& report, const char* part) {
  return str_cat("<p class=\"note\">", html::escape(report["left_out"][part].get<std::string>()),
                 "</p>\n");
}

std::string optional_number(const Json& value) {
  return value.is_null() ? "none" : str_printf("%.3f", value.get<double>());
}

html::Row agreement_row(const std::string& name, const Json& agreement) {
  const Json& interval = agreement["bootstrap"];
  return {name,
          shown_count(agreement["documents"]),
          shown_count(agreement["lines"]),
          optional_number(agreement["observed_agreement"]),
          optional_number(agreement["kappa"]),
          interval.is_null()
              ? "none"
              : str_cat(optional_number(interval[0]), " to ", optional_number(interval[1]))};
}

std::vector<html::Bar> share_bars(const Json& domains) {
  std::vector<html::Bar> bars;
  for (const Json& domain : domains) {
    if (bars.size() == 2 * kBars) break;
    bars.push_back(
        {domain["domain"], domain["read_share"], shown_share(domain["read_share"]) + " before"});
    bars.push_back({domain["domain"], domain["corpus_share"],
                    shown_share(domain["corpus_share"]) + " after", true});
  }
  return bars;
}

std::vector<html::Bar> kept_bars(const Json& domains) {
  std::vector<html::Bar> bars;
  for (const Json& domain : domains) {
    if (bars.size() == kBars) break;
    bars.push_back(
        {domain["domain"], domain["kept_share"], shown_share(domain["kept_share"]), true});
  }
  return bars;
}

std::string domains_table(const Json& report) {
  std::vector<html::Row> rows;
  for (const Json& domain : report["domains"]) {
    rows.push_back({foreign(domain["domain"]), shown_count(domain["read"]["documents"]),
                    shown_count(domain["corpus"]["documents"]),
                    shown_count(domain["read"]["words"]), shown_count(domain["corpus"]["words"]),
                    shown_share(domain["read_share"]), shown_share(domain["corpus_share"]),
                    shown_share(domain["kept_share"])});
  }
  return html::table("Chosen domains; shares are of words",
                     {"Domain", "Documents before", "after", "Words before", "after",
                      "Share before", "after", "Kept"},
                     rows);
}

std::string others_table(const Json& others) {
  if (others["domains"] == 0) return "<p>No other domains were met.</p>\n";
  std::vector<html::Row> rows;
  for (const Json& domain : others["listed"]) {
    rows.push_back({foreign(domain["domain"]), shown_count(domain["read"]["documents"]),
                    shown_count(domain["read"]["words"]), shown_share(domain["read_share"])});
  }
  const Json& rest = others["rest"];
  if (rest["domains"] != 0) {
    rows.push_back({shown_count(rest["domains"]) + " more", shown_count(rest["read"]["documents"]),
                    shown_count(rest["read"]["words"]), shown_share(rest["read_share"])});
  }
  return html::table("Domains that were not chosen", {"Domain", "Documents", "Words", "Share"},
                     rows);
}

std::string explored_table(const Json& explore) {
  constexpr size_t kRows = 50;
  std::vector<html::Row> rows;
  for (const Json& domain : explore["domains"]) {
    if (rows.size() == kRows) break;
    rows.push_back({foreign(domain["domain"]), shown_count(domain["documents"]),
                    shown_count(domain["words"]), shown_share(domain["share"]),
                    domain["worthwhile"].get<bool>() ? "yes" : "no"});
  }
  return html::table("As explored by the weak labeller, most e-commerce words first",
                     {"Domain", "Documents", "Words", "E-commerce", "Worth filtering"}, rows);
}

}  // namespace

std::string foreign(const Json& text) { return html::foreign(text.get<std::string>()); }

std::string shown_count(const Json& count) { return format_count(count.get<int64_t>()); }

std::string shown_share(const Json& share) {
  return str_printf("%.1f %%", share.get<double>() * 100);
}

std::string lengths_chart(const std::string& of, const Json& bins) {
  std::vector<std::string> labels;
  std::vector<html::Series> series = {{"before", {}}, {"after", {}}};
  for (const Json& bin : bins) {
    const bool empty = bin["read_share"] == 0 && bin["corpus_share"] == 0;
    if (empty && labels.empty()) continue;  // no document is that short
    labels.push_back(bytes_label(bin["from_bytes"]));
    series[0].shares.push_back(bin["read_share"]);
    series[1].shares.push_back(bin["corpus_share"]);
  }
  return html::column_chart(
      str_cat("Lengths of the documents of ", of, " before and after, in bytes by powers of two"),
      labels, series, 3);
}

std::string scores_chart(const std::string& alt, const std::string& name, const Json& bins) {
  std::vector<std::string> labels;
  std::vector<html::Series> series = {{name, {}}};
  for (const Json& bin : bins) {
    labels.push_back(str_printf("%.1f", bin["from"].get<double>()));
    series[0].shares.push_back(bin["share"]);
  }
  return html::column_chart(alt, labels, series, 1);
}

std::string funnel_section(const Json& report) {
  std::vector<html::Row> rows;
  std::map<std::string, std::vector<html::Bar>> bars;
  for (const Json& row : report["funnel"]) {
    const std::string name = stage_name(row["stage"]);
    html::Row cells = {html::escape(name)};
    for (const char* unit : {"documents", "lines", "words"}) {
      const std::string share = shown_share(row[str_cat(unit, "_share")]);
      cells.push_back(shown_count(row[unit]));
      cells.push_back(share);
      bars[unit].push_back({name, row[unit], share});
    }
    rows.push_back(std::move(cells));
  }
  std::string out = html::heading(2, "What was kept") + "<div class=\"charts\">\n";
  for (const auto& [unit, of_unit] : bars) {
    out += str_cat("<figure><figcaption>Share of ", unit, "</figcaption>",
                   html::bar_chart(str_cat("Share of ", unit, " left behind each stage"), of_unit,
                                   of_unit.front().value),
                   "</figure>\n");
  }
  out += "</div>\n";
  return out + html::table("What each stage left, and its share of what was read",
                           {"Stage", "Documents", "share", "Lines", "share", "Words", "share"},
                           rows);
}

std::string domains_section(const Json& report) {
  const Json& domains = report["domains"];
  std::string out = html::heading(2, "Domains") + "<div class=\"charts\">\n";
  out += str_cat("<figure><figcaption>Share of words before and after</figcaption>",
                 html::bar_chart("Share of each domain of all words read and of the corpus",
                                 share_bars(domains), 1),
                 "</figure>\n<figure><figcaption>Kept share of words</figcaption>",
                 html::bar_chart("Share of its words that each domain kept", kept_bars(domains), 1),
                 "</figure>\n</div>\n");
  out += domains_table(report) + others_table(report["other_domains"]);
  return out + (report.contains("explore") ? explored_table(report["explore"])
                                           : left_out(report, "explore"));
}

std::string lengths_section(const Json& report) {
  return html::heading(2, "Lengths of documents") +
         "<div class=\"charts\"><figure><figcaption>Share of documents by size of text"
         "</figcaption>" +
         lengths_chart("all domains", report["lengths"]) + "</figure></div>\n";
}

std::string audit_section(const Json& report) {
  std::string out = html::heading(2, "Agreement of labellers");
  if (!report.contains("audit")) return out + left_out(report, "audit");
  const Json& audit = report["audit"];
  std::vector<html::Row> rows;
  for (const auto& [domain, agreement] : audit["domains"].items()) {
    rows.push_back(agreement_row(foreign(domain), agreement));
  }
  rows.push_back(agreement_row("All", audit["overall"]));
  return out + html::table("Cohen's kappa of two labellers, with its interval by bootstrap",
                           {"Domain", "Documents", "Lines", "Agreed", "Kappa", "Interval"}, rows);
}

std::string duplicates_section(const Json& report) {
  std::string out = html::heading(2, "Duplicates");
  if (!report.contains("duplicates")) return out + left_out(report, "duplicates");
  const Json& found = report["duplicates"];
  out += str_cat("<p>Of ", shown_count(found["documents"]), " documents, ",
                 shown_count(found["exact"]), " have the words of another and ",
                 shown_count(found["near"]), " are like another: ", shown_share(found["share"]),
                 " were dropped.</p>\n");
  if (found["near"] != 0) {
    out +=
        "<div class=\"charts\"><figure><figcaption>Share of near duplicates by "
        "similarity</figcaption>" +
        scores_chart("Jaccard similarity of near duplicates to the document kept instead",
                     "dropped documents", found["near_similarity"]) +
        "</figure></div>\n";
  }
  std::vector<html::Row> rows;
  for (const auto& [reason, examples] : found["examples"].items()) {
    for (const Json& example : examples) {
      rows.push_back({foreign(example["id"]), reason, optional_number(example["similarity"]),
                      foreign(example["kept_id"])});
    }
  }
  if (rows.empty()) return out;
  return out +
         html::table("Examples", {"Dropped", "Why", "Similarity", "Kept instead"}, rows, false);
}

std::string contamination_section(const Json& report) {
  std::string out = html::heading(2, "Overlap with evaluation data");
  if (!report.contains("contamination")) return out + left_out(report, "contamination");
  const Json& found = report["contamination"];
  out += str_cat("<p>Of ", shown_count(found["documents"]), " documents, ",
                 shown_count(found["dropped"]), " (", shown_share(found["share"]),
                 ") share a run of words with one of ", shown_count(found["evaluation_texts"]),
                 " evaluation texts and were dropped.</p>\n");
  std::vector<html::Row> files;
  for (const auto& [file, hits] : found["hits_by_file"].items()) {
    files.push_back({foreign(file), shown_count(hits)});
  }
  if (!files.empty()) out += html::table("Overlaps by file", {"File", "Overlaps"}, files);
  std::vector<html::Row> rows;
  for (const Json& example : found["examples"]) {
    rows.push_back({foreign(example["id"]), foreign(example["words"]),
                    str_cat(foreign(example["evaluation_file"]), ", line ",
                            example["evaluation_line"].get<uint64_t>())});
  }
  if (rows.empty()) return out;
  return out + html::table("Examples", {"Dropped", "Shared words", "Evaluation text"}, rows, false);
}

}  // namespace rexbert::curate
