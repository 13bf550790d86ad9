#include "rexbert/curate/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rexbert/core/error.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Label kOther = Label::kOther;
constexpr Label kEcommerce = Label::kEcommerce;
constexpr Label kFailed = Label::kFailed;

LabelTask make_task(const std::string& id, std::vector<Label> labels,
                    const std::string& domain = "toys") {
  LabelTask task = {
      .document = {.id = id, .text = "", .domain = domain}, .lines = {}, .labels = {}};
  for (uint32_t i = 0; i < labels.size(); ++i) {
    task.document.text += "line " + std::to_string(i) + "\n";
    task.lines.push_back(i);
  }
  task.labels = std::move(labels);
  return task;
}

struct Planted {
  std::vector<Label> a;
  std::vector<Label> b;
};

// Line i is e-commerce where i^2 mod 7 < 2; the other side errs on every 11th line and on every
// 13th of e-commerce.
Planted plant(int begin, int end) {
  Planted planted;
  for (int i = begin; i < end; ++i) {
    const bool truth = i * i % 7 < 2;
    const bool errs = i % 11 == 3 || (truth && i % 13 == 5);
    planted.a.push_back(truth ? kEcommerce : kOther);
    planted.b.push_back(truth != errs ? kEcommerce : kOther);
  }
  return planted;
}

// The 1200 planted lines in documents of 1 to 12 lines.
Audit planted_audit(bool backwards, AuditOptions options = {}) {
  std::vector<std::pair<LabelTask, LabelTask>> documents;
  for (int begin = 0; begin < 1200;) {
    const int end = std::min(begin + 1 + begin % 12, 1200);
    const Planted planted = plant(begin, end);
    const std::string domain = begin < 600 ? "beauty" : "toys";
    documents.emplace_back(make_task(std::to_string(begin), planted.a, domain),
                           make_task(std::to_string(begin), planted.b, domain));
    begin = end;
  }
  if (backwards) std::reverse(documents.begin(), documents.end());
  Audit audit(options);
  for (const auto& [a, b] : documents) audit.add(a, b);
  return audit;
}

struct KappaCase {
  Confusion confusion;
  double kappa;
  double standard_error;
};

TEST(Kappa, EqualsReferencePackages) {
  // cohen_kappa_score of scikit-learn 1.9.1 on label vectors of these counts, and std_kappa of
  // cohens_kappa of statsmodels 0.15.0. The bound is for rounding of a few operations on numbers
  // around 1.
  const KappaCase cases[] = {
      {{{{{45, 15}, {25, 15}}}}, 0.13043478260869568, 0.0986615376234396},
      {{{{{900, 31}, {17, 252}}}}, 0.8870911464561125, 0.015930748973723263},
      {{{{{623, 62}, {83, 432}}}}, 0.7521296903045671, 0.019271852565362433},
      {{{{{0, 10}, {10, 0}}}}, -1.0, 0.0},
      {{{{{50, 0}, {0, 50}}}}, 1.0, 0.0},
  };
  for (const KappaCase& expected : cases) {
    EXPECT_NEAR(cohen_kappa(expected.confusion).value(), expected.kappa, 1e-12);
    EXPECT_NEAR(cohen_kappa_standard_error(expected.confusion).value(), expected.standard_error,
                1e-12);
  }
}

TEST(Kappa, HasNoValueWhereAllSaysOne) {
  EXPECT_EQ(cohen_kappa({}), std::nullopt);
  EXPECT_EQ(cohen_kappa({.counts = {{{7, 0}, {0, 0}}}}), std::nullopt);
  EXPECT_EQ(cohen_kappa({.counts = {{{0, 0}, {0, 7}}}}), std::nullopt);
  EXPECT_EQ(cohen_kappa_standard_error({.counts = {{{0, 0}, {0, 7}}}}), std::nullopt);
  // One side says one thing throughout: no better than chance.
  EXPECT_NEAR(cohen_kappa({.counts = {{{95, 5}, {0, 0}}}}).value(), 0, 1e-12);
}

TEST(Audit, CountsPlantedDisagreements) {
  const Agreement all = planted_audit(false).overall();
  EXPECT_EQ(all.confusion, (Confusion{{{{623, 62}, {83, 432}}}}));
  EXPECT_NEAR(all.kappa.value(), 0.7521296903045671, 1e-12);
  // kappa_low and kappa_upp of statsmodels.
  EXPECT_NEAR(all.asymptotic->low, 0.7143575533610907, 1e-12);
  EXPECT_NEAR(all.asymptotic->high, 0.7899018272480433, 1e-12);
  EXPECT_NEAR(all.confusion.observed_agreement(), 1055.0 / 1200, 1e-12);
}

TEST(Audit, IsTheSameForAnyOrder) {
  const Audit audit = planted_audit(false);
  EXPECT_EQ(planted_audit(true).to_json(), audit.to_json());

  Audit merged;
  const Planted planted = plant(0, 20);
  Audit other;
  other.add(make_task("x", planted.a), make_task("x", planted.b));
  merged.merge(other);
  merged.merge(audit);
  Audit added = planted_audit(true);
  added.add(make_task("x", planted.a), make_task("x", planted.b));
  EXPECT_EQ(merged.to_json(), added.to_json());
}

TEST(Audit, BootstrapSpreadsLikeTheStandardErrorOfIndependentLines) {
  // Documents of one line each are what the asymptotic interval assumes. The 2.5% percentile of
  // 4000 resamples deviates by sqrt(0.025 * 0.975 / 4000) / (0.0584 / 0.0193) = 0.0008, where
  // 0.0584 is the normal density at z = 1.96 and 0.0193 the standard error; the asymptotic interval
  // is off by terms of 1 / 1200. Bound: six deviations.
  const Planted planted = plant(0, 1200);
  Audit lines({.resamples = 4000});
  Audit documents({.resamples = 4000});
  for (size_t i = 0; i < planted.a.size(); ++i) {
    lines.add(make_task("x", {planted.a[i]}), make_task("x", {planted.b[i]}));
    // Twenty lines of one label, all right or all wrong: the lines tell no more than one.
    documents.add(make_task("x", std::vector<Label>(20, planted.a[i])),
                  make_task("x", std::vector<Label>(20, planted.b[i])));
  }
  const Agreement of_lines = lines.overall();
  EXPECT_NEAR(of_lines.bootstrap->low, of_lines.asymptotic->low, 0.005);
  EXPECT_NEAR(of_lines.bootstrap->high, of_lines.asymptotic->high, 0.005);
  const Agreement of_documents = documents.overall();
  EXPECT_DOUBLE_EQ(of_documents.kappa.value(), of_lines.kappa.value());
  EXPECT_DOUBLE_EQ(of_documents.bootstrap->low, of_lines.bootstrap->low);
  EXPECT_GT(of_documents.asymptotic->low, of_lines.asymptotic->low + 0.02);
}

TEST(Audit, BootstrapHangsOnTheSeed) {
  const auto interval = [](uint64_t seed) {
    return planted_audit(false, {.seed = seed}).overall().bootstrap.value();
  };
  EXPECT_EQ(interval(1).low, interval(1).low);
  EXPECT_NE(interval(1).low, interval(2).low);
}

TEST(Audit, WideConfidenceIsWider) {
  const auto width = [](double confidence) {
    const Agreement all = planted_audit(false, {.confidence = confidence}).overall();
    return all.asymptotic->high - all.asymptotic->low;
  };
  // 2 z of the standard normal distribution's tables.
  EXPECT_NEAR(width(0.99) / 0.019271852565362433, 2 * 2.5758293035489004, 1e-9);
  EXPECT_THROW(Audit({.confidence = 1}), Error);
  EXPECT_THROW(Audit({.confidence = 0}), Error);
}

TEST(Audit, LeavesFailedLinesOut) {
  Audit audit;
  audit.add(make_task("x", {kOther, kFailed, kEcommerce, kFailed, kOther}),
            make_task("x", {kOther, kOther, kFailed, kFailed, kEcommerce}));
  audit.add(make_task("y", {kFailed}), make_task("y", {kOther}));
  const Agreement all = audit.overall();
  EXPECT_EQ(all.confusion, (Confusion{{{{1, 1}, {0, 0}}}}));
  EXPECT_EQ(all.failed_a, 3);
  EXPECT_EQ(all.failed_b, 2);
  EXPECT_EQ(all.left_out, 4);
  EXPECT_EQ(all.documents, 1);
}

TEST(Audit, TellsDomainsApart) {
  Audit audit;
  audit.add(make_task("x", {kOther, kEcommerce}, "toys"),
            make_task("x", {kOther, kEcommerce}, "toys"));
  audit.add(make_task("y", {kOther, kOther}, "autos"), make_task("y", {kOther, kOther}, "autos"));
  const std::map<std::string, Agreement> domains = audit.by_domain();
  ASSERT_EQ(domains.size(), 2);
  EXPECT_EQ(domains.at("toys").kappa, 1.0);
  EXPECT_EQ(domains.at("autos").kappa, std::nullopt);
  EXPECT_TRUE(audit.to_json()["domains"]["autos"]["kappa"].is_null());
  EXPECT_THAT(audit.to_text(), HasSubstr("autos"));
}

TEST(Audit, ChecksKappa) {
  const Audit audit = planted_audit(false);
  audit.check_kappa(0.75);
  EXPECT_THAT(test::error_of([&] { audit.check_kappa(0.8); }),
              HasSubstr("expected a kappa of at least 0.8, got 0.7521 (95% interval 0.7144 to "
                        "0.7899; over documents 0.7"));
  EXPECT_THAT(test::error_of([] { Audit().check_kappa(0.8); }),
              HasSubstr("got none: no line was labelled by both sides"));
  Audit uniform;
  uniform.add(make_task("x", {kOther, kOther}), make_task("x", {kOther, kOther}));
  EXPECT_THAT(test::error_of([&] { uniform.check_kappa(0.8); }),
              HasSubstr("got none: both sides gave all 2 lines the same label"));
}

TEST(Audit, RefusesDifferentLines) {
  Audit audit;
  const LabelTask task = make_task("x", {kOther, kOther});
  LabelTask other = task;
  other.document.id = "y";
  EXPECT_THAT(
      test::error_of([&] { audit.add(task, other); }),
      HasSubstr("document \"x\": expected labels of the same document, got those of \"y\""));
  other = task;
  other.lines = {0, 3};
  EXPECT_THROW(audit.add(task, other), Error);
  other = task;
  other.document.text += "more";
  EXPECT_THROW(audit.add(task, other), Error);
  other = task;
  other.labels.pop_back();
  EXPECT_THAT(test::error_of([&] { audit.add(task, other); }),
              HasSubstr("expected 2 labels, got 1"));
}

TEST(Disagreements, ShowContext) {
  const LabelTask a = make_task("x", {kOther, kOther, kEcommerce, kFailed, kEcommerce});
  const LabelTask b = make_task("x", {kEcommerce, kOther, kOther, kOther, kEcommerce});
  const std::vector<Disagreement> found = disagreements(a, b, 2);
  ASSERT_EQ(found.size(), 2);
  EXPECT_EQ(found[0].line, 0);
  EXPECT_THAT(found[0].before, ElementsAre());
  EXPECT_THAT(found[0].after, ElementsAre("line 1", "line 2"));
  EXPECT_THAT(found[1].before, ElementsAre("line 0", "line 1"));
  EXPECT_THAT(found[1].after, ElementsAre("line 3", "line 4"));

  const test::TemporaryDirectory directory;
  const fs::path path = directory.path() / "disagreements.jsonl";
  write_disagreements(Env::posix(), path, found);
  EXPECT_EQ(Env::posix().read_file(path),
            R"({"a":"other","after":["line 1","line 2"],"b":"ecommerce","before":[],)"
            R"("domain":"toys","id":"x","line":0,"text":"line 0","url":""})"
            "\n"
            R"({"a":"ecommerce","after":["line 3","line 4"],"b":"other",)"
            R"("before":["line 0","line 1"],"domain":"toys","id":"x","line":2,"text":"line 2",)"
            R"("url":""})"
            "\n");
}

}  // namespace
}  // namespace rexbert::curate
