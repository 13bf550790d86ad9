#include "rexbert/tasks/suite_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "rexbert/core/strings.h"
#include "support/errors.h"
#include "support/parsed_page.h"
#include "support/temporary_directory.h"

namespace rexbert::tasks {
namespace {

using test::error_of;
using test::ParsedPage;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Two models, a task of three seeds and two measures and one of a single run of which less is
// better. Entity F1: 0.60, 0.62, 0.64 (mean 0.62, deviation 0.02) and 0.63, 0.65, 0.67 (0.65,
// 0.02).
SuiteResults two_models() {
  SuiteResults results;
  results.name = "shop";
  results.models = {{"small", "runs/small", 32'000'000, 2'000'000'000},
                    {"base", "runs/base", 1, 0}};
  results.tasks = {{"queryner",
                    "token classification",
                    "7,841 queries",
                    {{"entity F1", "f1"}, {"recall", "r"}},
                    {1, 2, 3}},
                   {"recovery", "mlm recovery", "", {{"perplexity", "ppl", 1, false}}, {7}}};
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    const double step = 0.02 * static_cast<double>(seed);
    results.scores.push_back({"small", "queryner", seed, {{"f1", 0.58 + step}, {"r", 0.5}}});
    results.scores.push_back({"base", "queryner", seed, {{"f1", 0.61 + step}, {"r", 0.5}}});
  }
  results.scores.push_back({"small", "recovery", 7, {{"ppl", 12.5}}});
  results.scores.push_back({"base", "recovery", 7, {{"ppl", 9.25}}});
  results.platform = {{"threads", 2}};
  return results;
}

SuiteResults of_models(size_t models) {
  SuiteResults results = two_models();
  results.models.clear();
  results.scores.clear();
  for (size_t i = 0; i < models; ++i) {
    const std::string name = str_cat("model", i);
    results.models.push_back({name, "runs", 1, 0});
    for (uint64_t seed = 1; seed <= 3; ++seed) {
      const double value = 0.5 + 0.1 * static_cast<double>(i) + 0.01 * static_cast<double>(seed);
      results.scores.push_back({name, "queryner", seed, {{"f1", value}, {"r", 0.5}}});
    }
    results.scores.push_back({name, "recovery", 7, {{"ppl", 10}}});
  }
  return results;
}

TEST(SuiteResults, RoundTripThroughJson) {
  SuiteResults results = two_models();
  results.scores[0].details = {{"seconds", 12.5}, {"types", {{"brand", {{"f1", 0.5}}}}}};
  results.scores[1].values["f1"] = kNaN;
  const Json json = to_json(results);
  const SuiteResults again = parse_suite_results(json.dump(), "results.json");
  EXPECT_EQ(to_json(again), json);
  EXPECT_EQ(again.models[0].tokens, 2'000'000'000);
  EXPECT_FALSE(again.tasks[1].measures[0].higher_is_better);
  EXPECT_EQ(again.tasks[0].seeds, (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_TRUE(std::isnan(again.scores[1].values.at("f1")));
}

TEST(SuiteResults, JsonHasMeansDeviationsAndSeeds) {
  SuiteResults results = two_models();
  const Json json = to_json(results);
  ASSERT_EQ(json["summaries"].size(), 6u);
  const Json& first = json["summaries"][0];
  EXPECT_EQ(first["task"], "queryner");
  EXPECT_EQ(first["measure"], "f1");
  EXPECT_EQ(first["model"], "small");
  EXPECT_EQ(first["seeds"], 3);
  EXPECT_NEAR(first["mean"].get<double>(), 0.62, 1e-12);
  EXPECT_NEAR(first["standard_deviation"].get<double>(), 0.02, 1e-12);
  EXPECT_EQ(json["summaries"][4]["mean"], 12.5);
  EXPECT_TRUE(json["summaries"][4]["standard_deviation"].is_null()) << "of one run";
}

TEST(SuiteResults, UndefinedScoresLeaveNoMean) {
  SuiteResults results = two_models();
  results.scores[0].values["f1"] = kNaN;
  const Json json = to_json(results);
  EXPECT_TRUE(json["scores"][0]["values"]["f1"].is_null());
  EXPECT_TRUE(json["summaries"][0]["mean"].is_null());
  EXPECT_EQ(json["summaries"][0]["seeds"], 3);
}

TEST(SuiteResults, OrderOfScoresDoesNotMatter) {
  SuiteResults results = two_models();
  const Json before = to_json(results)["summaries"];
  std::reverse(results.scores.begin(), results.scores.end());
  EXPECT_EQ(to_json(results)["summaries"], before);
}

TEST(SuiteResults, FaultsAreNamed) {
  const auto fault = [](const auto& break_it) {
    SuiteResults results = two_models();
    break_it(results);
    return error_of([&] { check(results, "here"); });
  };
  EXPECT_EQ(fault([](SuiteResults&) {}), "no error");
  EXPECT_EQ(fault([](SuiteResults& r) { r.models[1].name = "small"; }),
            "corrupt data: here: models: expected one of each name, got two of \"small\"");
  EXPECT_EQ(fault([](SuiteResults& r) { r.tasks[0].measures.clear(); }),
            "corrupt data: here: task \"queryner\": expected at least one measure, got none");
  EXPECT_EQ(fault([](SuiteResults& r) { r.scores[1].model = "large"; }),
            "corrupt data: here: scores[1]: there is no model \"large\"");
  EXPECT_EQ(fault([](SuiteResults& r) { r.scores[1].task = "esci"; }),
            "corrupt data: here: scores[1]: there is no task \"esci\"");
  EXPECT_EQ(fault([](SuiteResults& r) { r.scores[1].seed = 9; }),
            "corrupt data: here: scores[1]: task \"queryner\" has no seed 9");
  EXPECT_EQ(fault([](SuiteResults& r) { r.scores[2].seed = 1; }),
            "corrupt data: here: scores[2]: expected one score of \"small\" on \"queryner\" with "
            "seed 1, got another");
  EXPECT_EQ(fault([](SuiteResults& r) { r.scores[0].values.erase("r"); }),
            "corrupt data: here: scores[0]: expected a value of \"r\", got none");
  EXPECT_EQ(fault([](SuiteResults& r) { r.scores[0].details["types"] = {{"brand", 1}}; }),
            "corrupt data: here: scores[0].details.types: expected an object of objects");
  EXPECT_EQ(
      fault([](SuiteResults& r) { r.scores[0].details["positions"] = {{{"f1", 1}}}; }),
      "corrupt data: here: scores[0].details.positions: expected a list of objects with `from`");
}

TEST(SuiteResults, BadFilesAreNamed) {
  const auto fault = [](const auto& break_it) {
    Json json = to_json(two_models());
    break_it(json);
    return error_of([&] { parse_suite_results(json.dump(), "results.json"); });
  };
  EXPECT_EQ(fault([](Json& json) { json["version"] = 2; }),
            "incompatible: results.json: expected version 1, got 2");
  EXPECT_EQ(fault([](Json& json) { json["scores"][2].erase("seed"); }),
            "corrupt data: results.json: scores[2]: seed: missing");
  EXPECT_EQ(fault([](Json& json) { json["scores"][2]["values"]["f1"] = "high"; }),
            "corrupt data: results.json: scores[2]: f1: unexpected type string");
}

TEST(SuiteResults, OfSeveralSuitesAreOne) {
  SuiteResults first = two_models(), second = two_models();
  second.tasks[0].seeds = {101};
  std::erase_if(second.scores, [](const SuiteScore& score) { return score.seed != 1; });
  for (SuiteScore& score : second.scores) score.seed = 101;
  const SuiteResults both = merge({first, second}, {"a.json", "b.json"});
  EXPECT_EQ(both.models.size(), first.models.size());
  EXPECT_EQ(both.scores.size(), first.scores.size() + second.scores.size());
  EXPECT_EQ(both.tasks[0].seeds.back(), 101U);
  EXPECT_THAT(error_of([&] { merge({first, first}, {"a.json", "b.json"}); }),
              HasSubstr("expected one score of"));
  second.models[0].parameters += 1;
  EXPECT_THAT(error_of([&] { merge({first, second}, {"a.json", "b.json"}); }),
              HasSubstr("b.json: model \"small\" has other parameters"));
}

TEST(SuiteMarkdown, SaysEverything) {
  EXPECT_EQ(suite_markdown(two_models()), R"(# Evaluation: shop

| Model | Folder | Parameters | Tokens trained on |
| --- | --- | ---: | ---: |
| small | runs/small | 32M | 2B |
| base | runs/base | 1 | unknown |

## Scores

Scores are means over 3 runs of queryner and one run of recovery; runs of a task differ in their seeds alone, and ± is their sample standard deviation.

The best mean of a row is bold. ≈ marks those that are not further from it than the pooled standard deviation of the two.

| Task | Measure | small | base |
| --- | --- | ---: | ---: |
| queryner | entity F1 × 100 | 62.00 ± 2.00 | **65.00 ± 2.00** |
| queryner | recall × 100 | **50.00 ± 0.00** | 50.00 ± 0.00 ≈ |
| recovery | perplexity, lower is better | 12.5000 | **9.2500** |

## Average over tasks

Means of the first measures of queryner. Not counted, as less is better or the scale is another: recovery.

|  | small | base |
| --- | ---: | ---: |
| average | 62.00 | 65.00 |

## Compared with small

Differences of the means of each task's first measure; ± is their standard error.

| Task | Measure | base |
| --- | --- | ---: |
| queryner | entity F1 × 100 | +3.00 ± 1.63 |
| recovery | perplexity, lower is better | -3.2500 |
)");
}

// The pooled deviation of 0.02 and 0.02 is 0.02, that of 0.02 and 0.06 is 0.0447.
TEST(SuiteMarkdown, TiesAreWithinThePooledDeviation) {
  SuiteResults results = two_models();
  for (SuiteScore& score : results.scores) {
    if (score.model == "base" && score.task == "queryner") {
      score.values["f1"] = 0.65 + 0.06 * (static_cast<double>(score.seed) - 2);
    }
  }
  EXPECT_THAT(suite_markdown(results), HasSubstr("| 62.00 ± 2.00 ≈ | **65.00 ± 6.00** |"));
  for (SuiteScore& score : results.scores) {
    if (score.model == "small" && score.task == "queryner") score.values["f1"] -= 0.02;
  }
  EXPECT_THAT(suite_markdown(results), HasSubstr("| 60.00 ± 2.00 | **65.00 ± 6.00** |"));
}

TEST(SuiteMarkdown, WhatIsMissingIsSaid) {
  SuiteResults results = two_models();
  std::erase_if(results.scores, [](const SuiteScore& score) {
    return score.model == "base" && (score.task == "recovery" || score.seed > 1);
  });
  const std::string text = suite_markdown(results);
  EXPECT_THAT(text, HasSubstr("3 of 8 scores are missing: base on queryner (1 of 3); base on "
                              "recovery."));
  EXPECT_THAT(text, HasSubstr("| 62.00 ± 2.00 ≈ | **63.00 (1 of 3)** |"));
  EXPECT_THAT(text, HasSubstr("| **12.5000** | missing |"));
  EXPECT_THAT(text, HasSubstr("| perplexity, lower is better | missing |"));
  results.scores.clear();
  const std::string none = suite_markdown(results);
  EXPECT_THAT(none, HasSubstr("8 of 8 scores are missing"));
  EXPECT_THAT(none, HasSubstr("| average | - | - |"));
  EXPECT_THAT(none, Not(HasSubstr("nan")));
}

TEST(SuiteMarkdown, WhatIsUndefinedIsNamed) {
  SuiteResults results = two_models();
  results.scores[1].values["f1"] = kNaN;
  const std::string text = suite_markdown(results);
  EXPECT_THAT(text, HasSubstr("Not a number, and so without a mean: entity F1 of base on queryner, "
                              "seed 1."));
  EXPECT_THAT(text, HasSubstr("| **62.00 ± 2.00** | - |"));
  EXPECT_THAT(text, HasSubstr("| average | 62.00 | - |"));
  EXPECT_THAT(text, HasSubstr("| queryner | entity F1 × 100 | - |"));
}

TEST(SuiteMarkdown, OneModelIsComparedWithNone) {
  const std::string text = suite_markdown(of_models(1));
  EXPECT_THAT(text, HasSubstr("| queryner | entity F1 × 100 | 52.00 ± 1.00 |"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("**")), Not(HasSubstr("≈")), Not(HasSubstr("Compared"))));
}

TEST(SuiteMarkdown, FiveModelsHaveAColumnEach) {
  const std::string text = suite_markdown(of_models(5));
  EXPECT_THAT(text, HasSubstr("| 52.00 ± 1.00 | 62.00 ± 1.00 | 72.00 ± 1.00 | 82.00 ± 1.00 | "
                              "**92.00 ± 1.00** |"));
  EXPECT_THAT(text, HasSubstr("| **10.0000** | 10.0000 ≈ | 10.0000 ≈ | 10.0000 ≈ | 10.0000 ≈ |"));
  EXPECT_THAT(text, HasSubstr("| +10.00 ± 0.82 | +20.00 ± 0.82 | +30.00 ± 0.82 | +40.00 ± 0.82 |"));
}

TEST(SuiteMarkdown, OneRunEachIsSaid) {
  SuiteResults results = two_models();
  results.tasks.erase(results.tasks.begin());
  std::erase_if(results.scores, [](const SuiteScore& score) { return score.task == "queryner"; });
  EXPECT_THAT(suite_markdown(results),
              HasSubstr("means over one run, so that there is no deviation to judge"));
}

TEST(SuiteMarkdown, MarkupInNamesIsShown) {
  SuiteResults results = two_models();
  results.models[0].folder = "runs/a|b*<c>_d\n# e";
  EXPECT_THAT(suite_markdown(results), HasSubstr("| runs/a\\|b\\*\\<c\\>\\_d \\# e |"));
}

SuiteResults detailed() {
  SuiteResults results = two_models();
  for (SuiteScore& score : results.scores) {
    const double shift = score.model == "base" ? 0.1 : 0;
    if (score.task == "queryner") {
      const double value = 0.4 + shift + 0.1 * static_cast<double>(score.seed);
      score.details = {{"types", {{"brand", {{"f1", value}, {"support", 1234}}}}},
                       {"hyper_parameters", {{"learning_rate", 5e-5}, {"pooling", "mean"}}},
                       {"seconds", 75}};
    } else {
      score.details["domains"] = {{"kitchen", {{"ppl", 8 + shift}}}, {"toys", {{"ppl", nullptr}}}};
      score.details["positions"] = {{{"from", 0}, {"ppl", 20}},
                                    {{"from", 64}, {"ppl", 10 + shift}}};
    }
  }
  return results;
}

TEST(SuitePage, IsWellFormedAndRefersToNothing) {
  const ParsedPage page(suite_page(detailed()));
  test::expect_self_contained(page);
  EXPECT_EQ(page.elements.count("title") - page.elements.count("svg"), 1u) << "a title each";
  EXPECT_EQ(page.elements.count("svg"), 4u) << "a chart a measure, and one of positions";
  EXPECT_EQ(page.elements.count("strong"), 3u);
  EXPECT_EQ(page.elements.count("caption"), page.elements.count("table"));
}

TEST(SuitePage, SaysWhatTheTablesAndDetailsSay) {
  const std::string html = suite_page(detailed());
  const ParsedPage page(html);
  for (const char* text :
       {"Evaluation: shop", "65.00 ± 2.00", "+3.00 ± 1.63", "The best mean of a row is bold.",
        "entity F1 × 100 by type of entity", "brand1,23460.00 ± 10.0070.00 ± 10.00",
        "kitchenperplexity, lower is better8.00008.1000", "toysperplexity, lower is better--",
        "learning_rate 5e-05, pooling mean", "1:15"}) {
    EXPECT_THAT(page.text, HasSubstr(text));
  }
  // Three seeds and their mean for each of two models, on two measures, and one run each.
  size_t values = 0;
  for (const std::string& attribute : page.attributes) values += attribute == "class=value";
  EXPECT_EQ(values, 14u);
  EXPECT_THAT(html, HasSubstr("<polyline class=\"line-a\" points=\"44.0,44.0 312.0,190.0\"/>"));
}

TEST(SuitePage, HostileNamesDoNotLeaveTheirPlaces) {
  const std::string hostile = "</bdi></td></svg><script src=http://x.org>'\"&amp;\x01";
  SuiteResults results = detailed();
  results.name = hostile;
  results.models[0].folder = results.models[1].name = hostile;
  results.tasks[0].name = results.tasks[0].about = results.tasks[0].kind = hostile;
  results.tasks[0].measures[0].name = hostile;
  for (SuiteScore& score : results.scores) {
    if (score.model == "base") score.model = hostile;
    if (score.task == "queryner") {
      score.task = hostile;
      score.details["types"] = {{hostile, {{"f1", 0.5}}}};
      score.details["hyper_parameters"] = {{hostile, hostile}};
    } else {
      score.details["domains"][hostile] = score.details["domains"]["toys"];
      score.details["domains"].erase("toys");
    }
  }
  const ParsedPage page(suite_page(results));
  EXPECT_EQ(page.errors, 0u);
  EXPECT_EQ(page.elements, ParsedPage(suite_page(detailed())).elements);
  EXPECT_THAT(page.text, HasSubstr("<script src=http://x.org>'\"&amp;\uFFFD"));
}

TEST(SuitePage, WhatIsMissingOrUndefinedIsShownAsSuch) {
  SuiteResults results = detailed();
  std::erase_if(results.scores, [](const SuiteScore& score) {
    return score.model == "base" && score.task == "recovery";
  });
  results.scores[0].values["f1"] = kNaN;
  const ParsedPage page(suite_page(results));
  test::expect_self_contained(page);
  EXPECT_THAT(page.text, HasSubstr("1 of 8 scores are missing: base on recovery."));
  EXPECT_THAT(page.text, HasSubstr("Not a number, and so without a mean: entity F1 of small"));
  EXPECT_THAT(page.text, HasSubstr("kitchenperplexity, lower is better8.0000missing"));
  EXPECT_THAT(page.text, Not(HasSubstr("nan")));
  results.scores.clear();
  test::expect_self_contained(ParsedPage(suite_page(results)));
}

TEST(SuitePage, HoldsOneModelAndFive) {
  test::expect_self_contained(ParsedPage(suite_page(of_models(1))));
  const ParsedPage page(suite_page(of_models(5)));
  test::expect_self_contained(page);
  EXPECT_THAT(page.text, HasSubstr("model4"));
}

TEST(SuiteReport, IsPublishedAgainAsScoresComeIn) {
  Env& env = Env::posix();
  const test::TemporaryDirectory directory;
  const fs::path folder = directory / "suite";
  SuiteResults results = two_models();
  const SuiteScore last = results.scores.back();
  results.scores.pop_back();
  write_suite_report(env, folder, results);
  EXPECT_THAT(env.read_file(folder / "results.md"), HasSubstr("missing"));
  results.scores.push_back(last);
  write_suite_report(env, folder, results);
  EXPECT_EQ(env.list_directory(folder),
            (std::vector<std::string>{"results.html", "results.json", "results.md"}));
  EXPECT_EQ(env.read_file(folder / "results.md"), suite_markdown(results));
  EXPECT_EQ(env.read_file(folder / "results.html"), suite_page(results));
  EXPECT_EQ(to_json(parse_suite_results(env.read_file(folder / "results.json"), "results.json")),
            to_json(results));
}

}  // namespace
}  // namespace rexbert::tasks
