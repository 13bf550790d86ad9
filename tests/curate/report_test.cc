#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "curate/log_odds.h"
#include "curate/made_crawl.h"
#include "curate/report_page.h"
#include "curate/report_sections.h"
#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document.h"
#include "rexbert/curate/pipeline.h"
#include "support/errors.h"
#include "support/parsed_page.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using test::expect_self_contained;
using test::ParsedPage;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// n_1 = n_2 = 8, the prior's 8 words are 2, 5 and 1. "buy": seen 5 and 3 of 16, so delta =
// ln(5/11) - ln(3/13) = ln(65/33) = 0.67788, its variance 1/5 + 1/3. "war": ln(1/15) - ln(3/13).
TEST(LogOdds, AreThoseByHand) {
  const WordCounts words = {{"buy", {3, 1}}, {"the", {5, 5}}, {"war", {0, 2}}};
  const auto terms = log_odds_terms(words, {{"buy", 4}, {"the", 10}, {"war", 2}}, 8);
  ASSERT_EQ(terms.size(), 3u);
  EXPECT_EQ(terms[0].term, "buy");
  EXPECT_NEAR(terms[0].z, 0.928225, 1e-6);
  EXPECT_EQ(terms[1].term, "the");
  EXPECT_EQ(terms[1].z, 0);
  EXPECT_EQ(terms[2].term, "war");
  EXPECT_NEAR(terms[2].z, -1.075355, 1e-6);
}

TEST(SvgChart, LengthsBeginWithTheShortestDocument) {
  const Json bins = {{{"from_bytes", 0}, {"read_share", 0}, {"corpus_share", 0}},
                     {{"from_bytes", 1024}, {"read_share", 0.5}, {"corpus_share", 1}},
                     {{"from_bytes", 2048}, {"read_share", 0}, {"corpus_share", 0}},
                     {{"from_bytes", 4096}, {"read_share", 0.5}, {"corpus_share", 0}}};
  const std::string svg = lengths_chart("all", bins);
  EXPECT_THAT(svg, AllOf(HasSubstr(">1 KiB<"), HasSubstr(">100.0 %<"), Not(HasSubstr(">0 B<"))));
}

class ReportTest : public ::testing::Test {
 protected:
  ReportTest() : crawl_(test::MadeCrawl::write(env_, directory_ / "crawl", 3, 60)) {}

  void run(const std::string& more) {
    publish_file(env_, directory_ / "config.yaml",
                 str_cat("run: {directory: \"", root().string(), "\", seed: 17, threads: 2}\n",
                         "input: {paths: [\"", (directory_ / "crawl").string(), "\"]}\n",
                         "explore: {domains: [fashion, sports]}\n",
                         "sample: {per_domain: 120}\nlabel: {labeller: weak}\n",
                         "classifier: {min_labels: 100, fasttext: {buckets: 20000, quantize: "
                         "false}}\n",
                         more));
    Pipeline(env_, load_curate_config(env_, directory_ / "config.yaml")).run_all();
  }
  // The run with all that is optional; one line of the corpus is evaluation text.
  void run_whole() {
    const std::string text =
        "This sturdy blue canvas backpack has two padded straps and a laptop sleeve, now on sale "
        "with free delivery for 39.99 dollars.";
    const Json evaluation = {{"text", text}};
    publish_file(env_, directory_ / "evaluation.jsonl", evaluation.dump() + "\n");
    Json document = {{"id", "contaminated"}, {"domain", "sports"}};
    std::string body;
    for (int i = 0; i < 6; ++i) body += text + "\n";
    document["text"] = body;
    publish_file(env_, directory_ / "crawl" / "more.jsonl", document.dump() + "\n");
    run(
        str_cat("dedup: {near: {partitions: 4}}\naudit: {labeller: weak, share: 0.5, agreement: "
                "{resamples: 20}}\ndecontaminate: {evaluation: {shop: {path: \"",
                (directory_ / "evaluation.jsonl").string(), "\"}}}\n"));
  }

  fs::path root() { return directory_ / "run"; }
  Json json(const std::string& file) { return parse_json(env_.read_file(root() / file), file); }
  std::string page() { return env_.read_file(root() / "report" / "report.html"); }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  test::MadeCrawl crawl_;
};

TEST_F(ReportTest, ItsSumsAreTheStagesCounts) {
  run_whole();
  const Json report = json("report/report.json");
  std::map<std::string, Json> funnel;
  for (const Json& row : report["funnel"]) funnel[row["stage"]] = row;
  EXPECT_EQ(funnel["read"]["documents"], crawl_.documents + 1);
  uint64_t lines = 6;
  for (const auto& [id, truth] : crawl_.truth) lines += truth.size();
  EXPECT_EQ(funnel["read"]["lines"], lines);
  EXPECT_EQ(funnel["filter"]["documents"], json("dedup/dedup.json")["documents"]);
  EXPECT_EQ(funnel["dedup"]["documents"], json("dedup/dedup.json")["kept"]);
  EXPECT_EQ(funnel["decontaminate"]["documents"], json("decontaminate/decontaminate.json")["kept"]);
  EXPECT_GT(json("decontaminate/decontaminate.json")["dropped"], 0);

  uint64_t chosen = 0;
  uint64_t kept_lines = 0;
  std::map<std::string, uint64_t> words;
  const Json written = json("write/corpus.json")["domains"];
  for (const Json& domain : report["domains"]) {
    chosen += domain["read"]["documents"].get<uint64_t>();
    kept_lines += domain["kept"]["lines"].get<uint64_t>();
    const Json& corpus = written[domain["domain"].get<std::string>()];
    EXPECT_EQ(domain["corpus"]["documents"], corpus["documents"]);
    EXPECT_EQ(domain["corpus"]["bytes"], corpus["bytes"]);
    uint64_t scored = 0;
    for (const Json& bin : domain["scores"]) scored += bin["lines"].get<uint64_t>();
    EXPECT_EQ(domain["kept"]["lines"], scored);
    uint64_t dropped = 0;
    for (const auto& [reason, count] : domain["dropped"].items()) dropped += count.get<uint64_t>();
    EXPECT_EQ(domain["read"]["documents"], domain["kept"]["documents"].get<uint64_t>() + dropped);
    EXPECT_EQ(domain["sample"]["lines"]["kept"].size(), 20u);
    EXPECT_EQ(domain["sample"]["lines"]["dropped"].size(), 20u);
    EXPECT_FALSE(domain["sample"]["terms"]["kept"].empty());
    for (const char* when : {"read", "corpus"}) {
      uint64_t documents = 0;
      for (const Json& bin : domain["lengths"]) documents += bin[when].get<uint64_t>();
      EXPECT_EQ(domain[when]["documents"], documents);
      words[when] += domain[when]["words"].get<uint64_t>();
    }
  }
  EXPECT_EQ(funnel["chosen"]["documents"], chosen);
  EXPECT_EQ(funnel["filter"]["lines"], kept_lines);
  EXPECT_EQ(funnel["chosen"]["words"], words["read"]);
  EXPECT_EQ(funnel["decontaminate"]["words"], words["corpus"]);
  EXPECT_EQ(report["other_domains"]["listed"][0]["domain"], "home & garden");
  EXPECT_EQ(funnel["read"]["documents"].get<uint64_t>() - chosen,
            report["other_domains"]["listed"][0]["read"]["documents"]);
}

TEST_F(ReportTest, DrawnLinesAreThoseThatWereKeptAndDropped) {
  run_whole();
  std::map<std::string, std::string> kept;  // text by id
  for (const std::string& name : env_.list_directory(root() / "filter")) {
    if (!name.ends_with(".jsonl.zst")) continue;
    const std::string text = decompress_at_most(
        Compression::kZstd, env_.read_file(root() / "filter" / name), 1 << 26, name);
    for (const auto line : split_lines(text)) {
      Document document = parse_document(line, name);
      kept[document.id] = "\n" + document.text + "\n";
    }
  }
  const Json report = json("report/report.json");
  ASSERT_EQ(report["domains"].size(), 2u);
  for (const Json& domain : report["domains"]) {
    for (const Json& line : domain["sample"]["lines"]["kept"]) {
      EXPECT_THAT(kept.at(line["id"]), HasSubstr(line["text"].get<std::string>()));
    }
    for (const Json& line : domain["sample"]["lines"]["dropped"]) {
      EXPECT_THAT(kept[line["id"]], Not(HasSubstr("\n" + line["text"].get<std::string>() + "\n")));
    }
  }
}

TEST_F(ReportTest, ThePageIsWellFormedAndRefersToNothing) {
  run_whole();
  const ParsedPage page(this->page());
  expect_self_contained(page);
  EXPECT_EQ(page.elements.count("title") - page.elements.count("svg"), 1u) << "a title each";
  EXPECT_GT(page.elements.count("svg"), 8u);
  EXPECT_EQ(page.elements.count("caption"), page.elements.count("table"));
  EXPECT_THAT(page.text, Not(HasSubstr("not looked for")));
}

TEST_F(ReportTest, HostileNamesAndLinesDoNotLeaveTheirPlaces) {
  run_whole();
  const std::string hostile = "</bdi></td></table></svg><script src=http://x.org>'\"&amp;\x01";
  const std::function<Json(const Json&)> poison = [&](const Json& value) -> Json {
    if (value.is_string()) return hostile;
    Json copy = value.is_array() ? Json::array() : value;
    if (value.is_array()) {
      for (const Json& member : value) copy.push_back(poison(member));
    } else if (value.is_object()) {
      for (const auto& [key, member] : value.items()) {
        if (key != "stage") copy[key] = poison(member);
      }
      for (const char* keyed : {"dropped", "hits_by_file"}) {
        if (copy.contains(keyed) && copy[keyed].is_object()) copy[keyed][hostile] = 1;
      }
    }
    return copy;
  };
  const Json report = json("report/report.json");
  const std::string shown = report_page(poison(report));
  const ParsedPage page(shown);
  EXPECT_EQ(page.errors, 0u);
  EXPECT_EQ(page.elements.count("script"), 0u);
  EXPECT_EQ(page.elements, ParsedPage(report_page([&] {
                             Json tame = report;
                             for (Json& domain : tame["domains"]) domain["dropped"]["x"] = 1;
                             tame["contamination"]["hits_by_file"]["x"] = 1;
                             return tame;
                           }()))
                               .elements);
  EXPECT_THAT(page.text, HasSubstr("<script src=http://x.org>'\"&amp;\uFFFD"));
}

TEST_F(ReportTest, WhatWasLeftOutIsSaid) {
  run("dedup: {enabled: false}\n");
  const Json report = json("report/report.json");
  EXPECT_FALSE(report.contains("duplicates") || report.contains("contamination") ||
               report.contains("audit"));
  EXPECT_EQ(report["funnel"].size(), 3u);
  const ParsedPage page(this->page());
  expect_self_contained(page);
  for (const auto& [part, why] : report["left_out"].items()) {
    EXPECT_THAT(page.text, HasSubstr(why.get<std::string>()));
  }
  EXPECT_THAT(page.text, HasSubstr("Duplicates were not looked for"));
  EXPECT_THAT(page.text, HasSubstr("No second labeller was asked"));
  EXPECT_THAT(page.text, HasSubstr("No evaluation files were named"));
}

TEST_F(ReportTest, ACorpusThatIsNotOfItsStagesIsRefused) {
  run("dedup: {enabled: false}\n");
  Json written = json("write/corpus.json");
  written["domains"]["sports"]["documents"] = 1;
  publish_file(env_, root() / "write" / "corpus.json", written.dump() + "\n");
  env_.remove_file(root() / "report" / "report.json");
  Pipeline again(env_, load_curate_config(env_, directory_ / "config.yaml"));
  EXPECT_THAT(test::error_of([&] { again.run("report"); }),
              HasSubstr("write/corpus.json: domain \"sports\": expected"));
}

}  // namespace
}  // namespace rexbert::curate
