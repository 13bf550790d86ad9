#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/curate/labeller.h"

namespace rexbert::curate {

// Lines by what the two sides said: counts[a][b], 0 for kOther and 1 for kEcommerce.
struct Confusion {
  std::array<std::array<uint64_t, 2>, 2> counts = {};

  uint64_t total() const;
  // The share of lines on whose label both agree: p_o = (n_00 + n_11) / n. NaN without lines.
  double observed_agreement() const;
  // The share on which two labellers of these marginals agree by chance:
  // p_e = (n_0. n_.0 + n_1. n_.1) / n^2. NaN without lines.
  double expected_agreement() const;
  Confusion& operator+=(const Confusion& other);
  auto operator<=>(const Confusion&) const = default;
};

// Cohen's kappa, (p_o - p_e) / (1 - p_e) (Cohen, "A coefficient of agreement for nominal scales",
// 1960). None without lines and where both sides gave all lines one and the same label, as p_e is 1
// there: such labels agree but say nothing about agreement.
std::optional<double> cohen_kappa(const Confusion& confusion);

// The standard error of cohen_kappa() for large n, not assuming that kappa is 0 (Fleiss, Cohen and
// Everitt, "Large sample standard errors of kappa and weighted kappa", 1969, equation 13). It takes
// lines for independent; those of one document are not, so the bootstrap is the safer interval.
std::optional<double> cohen_kappa_standard_error(const Confusion& confusion);

struct Interval {
  double low = 0;
  double high = 0;
};

struct AuditOptions {
  // Of both intervals, in (0, 1). Default 0.95.
  double confidence = 0.95;
  // Documents are drawn with replacement so many times; 0: no bootstrap. Default 2000; 10,000
  // documents then take about a second.
  uint32_t resamples = 2000;
  // Of the resampling. Default 17.
  uint64_t seed = 17;
};

struct Agreement {
  Confusion confusion;
  uint64_t documents = 0;  // with at least one line that both sides labelled
  // Lines in no confusion count because a side, or both, failed to label them.
  uint64_t failed_a = 0;
  uint64_t failed_b = 0;
  uint64_t left_out = 0;
  std::optional<double> kappa;
  std::optional<double> standard_error;
  std::optional<Interval> asymptotic;  // kappa -+ z standard_error; may leave [-1, 1]
  // Percentiles of kappa over the resamples, interpolated linearly; none where kappa or more than
  // half of the resamples have no value.
  std::optional<Interval> bootstrap;
  uint32_t undefined_resamples = 0;  // those without a kappa, left out of the percentiles
};

// Compares two labellings of the same lines. A pure function of the documents added, in any order.
class Audit {
 public:
  // Throws Error(kConfig) for a confidence outside of (0, 1).
  explicit Audit(AuditOptions options = {});

  // Throws Error(kIncompatible) naming the document where `a` and `b` are not of the same document
  // and lines or lack labels.
  void add(const LabelTask& a, const LabelTask& b);
  void merge(const Audit& other);

  Agreement overall() const;
  std::map<std::string, Agreement> by_domain() const;

  // Throws Error(kNumeric) saying measured, interval and wanted where kappa is below `minimum` or
  // has no value.
  void check_kappa(double minimum) const;

  // {"overall": {...}, "domains": {name: {...}}, "confidence": ..., "resamples": ..., "seed": ...};
  // what has no value is null.
  Json to_json() const;
  // The table for people: a line a domain and one for all.
  std::string to_text() const;

 private:
  struct Counts {
    std::vector<Confusion> documents;
    uint64_t failed_a = 0;
    uint64_t failed_b = 0;
    uint64_t left_out = 0;
    void merge(const Counts& other);
  };

  Agreement agreement(Counts counts) const;
  Counts all() const;

  AuditOptions options_;
  std::map<std::string, Counts> domains_;
};

// A line on which two labellings differ, with what stands around it.
struct Disagreement {
  std::string id;  // of the document
  std::string domain;
  std::string url;
  uint64_t line = 0;  // 0-based within the document
  std::string text;
  std::vector<std::string> before;  // the lines before it, in order
  std::vector<std::string> after;
  Label a = Label::kOther;
  Label b = Label::kOther;
};

// The lines of two tasks of one document on which they differ, each with up to `context` lines
// around it. Failed lines are none. Throws as Audit::add().
std::vector<Disagreement> disagreements(const LabelTask& a, const LabelTask& b,
                                        uint32_t context = 2);

// One line of JSON, "\n" at its end: {"id", "domain", "url", "line", "text", "before", "after",
// "a", "b"}, the labels as "ecommerce" and "other".
std::string to_json_line(const Disagreement& disagreement);

// Publishes them as JSON lines.
void write_disagreements(Env& env, const fs::path& path,
                         std::span<const Disagreement> disagreements);

}  // namespace rexbert::curate
