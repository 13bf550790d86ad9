#include "rexbert/curate/audit.h"

#include <algorithm>
#include <cmath>

#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

// z with P(-z < Z < z) = confidence for a standard normal Z.
double normal_quantile(double confidence) {
  double low = 0;
  double high = 40;  // P is 1 in double precision long before
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (std::erf(middle / std::sqrt(2.0)) < confidence ? low : high) = middle;
  }
  return (low + high) / 2;
}

// The q-th quantile of sorted values, interpolated linearly (Hyndman and Fan's type 7).
double quantile(const std::vector<double>& sorted, double q) {
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - std::floor(place)) * (sorted[above] - sorted[below]);
}

std::vector<double> resampled_kappas(const std::vector<Confusion>& documents,
                                     const AuditOptions& options) {
  std::vector<double> kappas;
  for (uint32_t i = 0; i < options.resamples; ++i) {
    KeyedRng rng(options.seed, Purpose::kBootstrap, i);
    Confusion sum;
    for (size_t draw = 0; draw < documents.size(); ++draw) {
      sum += documents[rng.next_below(documents.size())];
    }
    if (const std::optional<double> kappa = cohen_kappa(sum)) kappas.push_back(*kappa);
  }
  std::sort(kappas.begin(), kappas.end());
  return kappas;
}

void check_same_lines(const LabelTask& a, const LabelTask& b) {
  const auto refuse = [&](const std::string& problem) {
    throw Error(ErrorCode::kIncompatible,
                "audit: document " + str_quote(a.document.id) + ": " + problem);
  };
  if (a.document.id != b.document.id) {
    refuse("expected labels of the same document, got those of " + str_quote(b.document.id));
  }
  if (a.document.text != b.document.text) refuse("expected the same text on both sides");
  if (a.lines != b.lines) refuse("expected labels of the same lines on both sides");
  for (const LabelTask* task : {&a, &b}) {
    if (task->labels.size() != task->lines.size()) {
      refuse(str_cat("expected ", task->lines.size(), " labels, got ", task->labels.size()));
    }
  }
}

Json to_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json to_json(const std::optional<Interval>& interval) {
  return interval ? Json{interval->low, interval->high} : Json();
}

Json to_json(const Agreement& agreement) {
  const Confusion& confusion = agreement.confusion;
  const bool any = confusion.total() > 0;
  return {{"confusion", confusion.counts},
          {"lines", confusion.total()},
          {"documents", agreement.documents},
          {"failed_a", agreement.failed_a},
          {"failed_b", agreement.failed_b},
          {"left_out", agreement.left_out},
          {"observed_agreement", any ? Json(confusion.observed_agreement()) : Json()},
          {"kappa", to_json(agreement.kappa)},
          {"standard_error", to_json(agreement.standard_error)},
          {"asymptotic", to_json(agreement.asymptotic)},
          {"bootstrap", to_json(agreement.bootstrap)},
          {"undefined_resamples", agreement.undefined_resamples}};
}

std::string interval_text(const std::optional<Interval>& interval) {
  return interval ? str_printf("%.4f to %.4f", interval->low, interval->high) : "-";
}

std::string table_row(const std::string& name, const Agreement& agreement) {
  const auto& n = agreement.confusion.counts;
  return str_printf(
      "%-24s %9llu %9llu %9llu %9llu %9llu %9llu %8s %8s  %-18s  %s\n", name.c_str(),
      static_cast<unsigned long long>(agreement.documents),
      static_cast<unsigned long long>(n[0][0]), static_cast<unsigned long long>(n[0][1]),
      static_cast<unsigned long long>(n[1][0]), static_cast<unsigned long long>(n[1][1]),
      static_cast<unsigned long long>(agreement.left_out),
      agreement.confusion.total() > 0
          ? str_printf("%.4f", agreement.confusion.observed_agreement()).c_str()
          : "-",
      agreement.kappa ? str_printf("%.4f", *agreement.kappa).c_str() : "-",
      interval_text(agreement.asymptotic).c_str(), interval_text(agreement.bootstrap).c_str());
}

std::string_view label_name(Label label) {
  return label == Label::kEcommerce ? "ecommerce" : "other";
}

}  // namespace

Audit::Audit(AuditOptions options) : options_(options) {
  if (!(options_.confidence > 0 && options_.confidence < 1)) {
    throw Error(
        ErrorCode::kConfig,
        str_cat("audit: confidence: expected a number between 0 and 1, got ", options_.confidence));
  }
}

void Audit::Counts::merge(const Counts& other) {
  documents.insert(documents.end(), other.documents.begin(), other.documents.end());
  failed_a += other.failed_a;
  failed_b += other.failed_b;
  left_out += other.left_out;
}

void Audit::add(const LabelTask& a, const LabelTask& b) {
  check_same_lines(a, b);
  Counts& counts = domains_[a.document.domain];
  Confusion confusion;
  for (size_t i = 0; i < a.labels.size(); ++i) {
    const bool failed_a = a.labels[i] == Label::kFailed;
    const bool failed_b = b.labels[i] == Label::kFailed;
    counts.failed_a += failed_a ? 1 : 0;
    counts.failed_b += failed_b ? 1 : 0;
    if (failed_a || failed_b) {
      ++counts.left_out;
    } else {
      ++confusion.counts[static_cast<size_t>(a.labels[i])][static_cast<size_t>(b.labels[i])];
    }
  }
  if (confusion.total() > 0) counts.documents.push_back(confusion);
}

void Audit::merge(const Audit& other) {
  for (const auto& [domain, counts] : other.domains_) domains_[domain].merge(counts);
}

Audit::Counts Audit::all() const {
  Counts all;
  for (const auto& [domain, counts] : domains_) all.merge(counts);
  return all;
}

Agreement Audit::agreement(Counts counts) const {
  // Draws take documents by their place, which must not follow from the order of adding.
  std::sort(counts.documents.begin(), counts.documents.end());
  Agreement result = {.confusion = {},
                      .documents = counts.documents.size(),
                      .failed_a = counts.failed_a,
                      .failed_b = counts.failed_b,
                      .left_out = counts.left_out,
                      .kappa = {},
                      .standard_error = {},
                      .asymptotic = {},
                      .bootstrap = {},
                      .undefined_resamples = 0};
  for (const Confusion& document : counts.documents) result.confusion += document;
  result.kappa = cohen_kappa(result.confusion);
  result.standard_error = cohen_kappa_standard_error(result.confusion);
  if (!result.kappa) return result;
  const double reach = normal_quantile(options_.confidence) * *result.standard_error;
  result.asymptotic = Interval{*result.kappa - reach, *result.kappa + reach};
  const std::vector<double> kappas = resampled_kappas(counts.documents, options_);
  result.undefined_resamples = options_.resamples - static_cast<uint32_t>(kappas.size());
  if (!kappas.empty() && result.undefined_resamples <= options_.resamples / 2) {
    const double tail = (1 - options_.confidence) / 2;
    result.bootstrap = Interval{quantile(kappas, tail), quantile(kappas, 1 - tail)};
  }
  return result;
}

Agreement Audit::overall() const { return agreement(all()); }

std::map<std::string, Agreement> Audit::by_domain() const {
  std::map<std::string, Agreement> domains;
  for (const auto& [domain, counts] : domains_) domains[domain] = agreement(counts);
  return domains;
}

void Audit::check_kappa(double minimum) const {
  const Agreement all = overall();
  if (!all.kappa) {
    throw Error(
        ErrorCode::kNumeric,
        str_cat("audit: expected a kappa of at least ", minimum, ", got none: ",
                all.confusion.total() == 0 ? "no line was labelled by both sides"
                                           : str_cat("both sides gave all ", all.confusion.total(),
                                                     " lines the same label")));
  }
  if (*all.kappa >= minimum) return;
  throw Error(
      ErrorCode::kNumeric,
      str_printf("audit: expected a kappa of at least %g, got %.4f (%g%% interval %s; over "
                 "documents %s; %llu lines of %llu documents)",
                 minimum, *all.kappa, 100 * options_.confidence,
                 interval_text(all.asymptotic).c_str(), interval_text(all.bootstrap).c_str(),
                 static_cast<unsigned long long>(all.confusion.total()),
                 static_cast<unsigned long long>(all.documents)));
}

Json Audit::to_json() const {
  Json domains = Json::object();
  for (const auto& [domain, agreement] : by_domain()) {
    domains[domain] = curate::to_json(agreement);
  }
  return {{"overall", curate::to_json(overall())},
          {"domains", domains},
          {"confidence", options_.confidence},
          {"resamples", options_.resamples},
          {"seed", options_.seed}};
}

std::string Audit::to_text() const {
  std::string text = str_printf("%-24s %9s %9s %9s %9s %9s %9s %8s %8s  %-18s  %s\n", "domain",
                                "documents", "a0 b0", "a0 b1", "a1 b0", "a1 b1", "left out",
                                "agreed", "kappa", "asymptotic", "bootstrap");
  for (const auto& [domain, agreement] : by_domain()) {
    text += table_row(domain.empty() ? "(none)" : domain, agreement);
  }
  return text + table_row("all", overall());
}

std::vector<Disagreement> disagreements(const LabelTask& a, const LabelTask& b, uint32_t context) {
  check_same_lines(a, b);
  const std::vector<std::string_view> lines = split_lines(a.document.text);
  std::vector<Disagreement> result;
  for (size_t i = 0; i < a.labels.size(); ++i) {
    if (a.labels[i] == b.labels[i] || a.labels[i] == Label::kFailed ||
        b.labels[i] == Label::kFailed) {
      continue;
    }
    const size_t line = a.lines[i];
    if (line >= lines.size()) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat("audit: document ", str_quote(a.document.id), ": expected a line below ",
                          lines.size(), ", got ", line));
    }
    Disagreement entry = {.id = a.document.id,
                          .domain = a.document.domain,
                          .url = a.document.url,
                          .line = line,
                          .text = std::string(lines[line]),
                          .before = {},
                          .after = {},
                          .a = a.labels[i],
                          .b = b.labels[i]};
    entry.before.assign(
        lines.begin() + static_cast<ptrdiff_t>(line - std::min<size_t>(line, context)),
        lines.begin() + static_cast<ptrdiff_t>(line));
    entry.after.assign(
        lines.begin() + static_cast<ptrdiff_t>(line + 1),
        lines.begin() + static_cast<ptrdiff_t>(std::min(line + 1 + context, lines.size())));
    result.push_back(std::move(entry));
  }
  return result;
}

std::string to_json_line(const Disagreement& disagreement) {
  return Json{{"id", disagreement.id},          {"domain", disagreement.domain},
              {"url", disagreement.url},        {"line", disagreement.line},
              {"text", disagreement.text},      {"before", disagreement.before},
              {"after", disagreement.after},    {"a", label_name(disagreement.a)},
              {"b", label_name(disagreement.b)}}
             .dump() +
         "\n";
}

void write_disagreements(Env& env, const fs::path& path,
                         std::span<const Disagreement> disagreements) {
  std::string text;
  for (const Disagreement& disagreement : disagreements) text += to_json_line(disagreement);
  publish_file(env, path, text);
}

}  // namespace rexbert::curate
