#include "rexbert/curate/decontaminate.h"

#include "curate/dedup_fixture.h"
#include "rexbert/core/error.h"
#include "rexbert/core/fault_env.h"
#include "support/errors.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Decontaminate : public DedupFixture {
 protected:
  DecontaminateJob clean(const std::vector<std::string>& names,
                         const std::vector<EvaluationFile>& evaluation,
                         const std::string& to = "out") const {
    const DedupJob files = job(names, to);
    return {.files = files.files,
            .evaluation = evaluation,
            .report = files.report,
            .work_directory = files.work_directory,
            .threads = 0};
  }

  static DecontaminateSummary run(const DecontaminateJob& job,
                                  const DecontaminateOptions& options = {}) {
    return decontaminate(Env::posix(), job, options);
  }

  static std::vector<std::string> kept(const DecontaminateJob& job) {
    return kept_ids({.files = job.files, .report = {}, .work_directory = {}});
  }
};

// "a1 a2 ... an".
std::string numbered(const std::string& letter, int first, int last) {
  std::string text;
  for (int i = first; i <= last; ++i) text += (text.empty() ? "" : " ") + letter + str_cat(i);
  return text;
}

TEST_F(Decontaminate, DropsWhatSharesThirteenWords) {
  write_bytes("eval.txt", "\n" + numbered("A", 1, 20) + "!\n" + numbered("b", 1, 13) + "\n");
  write("a.jsonl", {"x " + numbered("a", 3, 15) + " y",  // 13
                    "x " + numbered("a", 3, 14) + " y",  // 12
                    numbered("a", 1, 20) + " " + numbered("b", 1, 13),
                    "before, " + numbered("B", 1, 13) + ", after",
                    numbered("a", 1, 12) + " x " + numbered("a", 13, 20), ""});
  const DecontaminateJob job = clean({"a.jsonl"}, {{.path = path("eval.txt")}});
  const DecontaminateSummary summary = run(job);
  EXPECT_THAT(kept(job), ElementsAre("d1", "d4", "d5"));
  EXPECT_EQ(summary.documents, 6u);
  EXPECT_EQ(summary.kept, 3u);
  EXPECT_EQ(summary.dropped, 3u);
  EXPECT_EQ(summary.hits, 4u);
  EXPECT_EQ(summary.evaluation_texts, 2u);
  const std::vector<Json> report = json_lines(job.report);
  ASSERT_EQ(report.size(), 4u);
  const Json expected = {{"id", "d0"},
                         {"file", path("a.jsonl").string()},
                         {"line", 1},
                         {"evaluation_file", path("eval.txt").string()},
                         {"evaluation_line", 2},
                         {"evaluation_field", ""},
                         {"words", numbered("a", 3, 15)},
                         {"ngrams", 1}};
  EXPECT_EQ(report[0], expected);
  EXPECT_EQ(report[1].at("ngrams"), 8);
  EXPECT_EQ(report[1].at("words"), numbered("a", 1, 13));
  EXPECT_EQ(report[2].at("id"), "d2");
  EXPECT_EQ(report[2].at("evaluation_line"), 3);
  EXPECT_EQ(report[3].at("words"), numbered("b", 1, 13));
}

TEST_F(Decontaminate, TakesShortTextsAsAWhole) {
  write_bytes("eval.txt", numbered("a", 1, 8) + "\n" + numbered("b", 1, 7) + "\n" +
                              numbered("c", 1, 12) + "\n");
  write("a.jsonl", {"x " + numbered("a", 1, 8), numbered("b", 1, 7), numbered("c", 1, 12) + " y",
                    numbered("c", 1, 11)});
  const DecontaminateJob job = clean({"a.jsonl"}, {{.path = path("eval.txt")}});
  EXPECT_EQ(run(job).short_texts, 1u);
  EXPECT_THAT(kept(job), ElementsAre("d1", "d3"));
  const DecontaminateJob none = clean({"a.jsonl"}, {{.path = path("eval.txt")}}, "none");
  EXPECT_EQ(run(none, {.min_words = 0}).short_texts, 3u);
  EXPECT_THAT(kept(none), ElementsAre("d0", "d1", "d2", "d3"));
  const DecontaminateJob fewer = clean({"a.jsonl"}, {{.path = path("eval.txt")}}, "fewer");
  run(fewer, {.min_words = 7});
  EXPECT_THAT(kept(fewer), ElementsAre("d3"));
}

TEST_F(Decontaminate, ReadsAllKindsOfEvaluationFiles) {
  const Json tokens = {{"tokens", {"a1", "a2", "a3", {"a4", "a5"}}}, {"label", 1}};
  const Json nested = {{"question", {{"stem", numbered("b", 1, 5)}}}, {"tokens", nullptr}};
  write_bytes("e.jsonl", tokens.dump() + "\n\n" + nested.dump() + "\n");
  write_bytes("named.tsv.zst", compress(parse_compression("zstd"),
                                        "id\ttext\r\n1\t" + numbered("c", 1, 5) + "\r\n"));
  write_bytes("numbered.tsv", numbered("d", 1, 5) + "\t" + numbered("e", 1, 5) + "\nshort\n");
  write_bytes("all.tsv", numbered("f", 1, 5) + "\t" + numbered("g", 1, 5) + "\n");
  write_bytes("plain", numbered("h", 1, 5));
  write("a.jsonl", {numbered("a", 1, 5), numbered("b", 1, 5), numbered("c", 1, 5),
                    numbered("d", 1, 5), numbered("e", 1, 5), numbered("f", 1, 5),
                    numbered("g", 1, 5), numbered("h", 1, 5), numbered("i", 1, 5)});
  const DecontaminateJob job =
      clean({"a.jsonl"}, {{.path = path("e.jsonl"), .fields = {"tokens", "question.stem"}},
                          {.path = path("named.tsv.zst"), .fields = {"text"}, .header = true},
                          {.path = path("numbered.tsv"), .fields = {"2"}},
                          {.path = path("all.tsv")},
                          {.path = path("plain"), .format = EvaluationFormat::kPlainText}});
  run(job, {.ngram_words = 5, .min_words = 0});
  EXPECT_THAT(kept(job), ElementsAre("d3", "d8"));
  std::vector<std::string> places;
  for (const Json& hit : json_lines(job.report)) {
    places.push_back(str_cat(fs::path(hit.at("evaluation_file").get<std::string>()).filename(), ":",
                             hit.at("evaluation_line"), ":", hit.at("evaluation_field")));
  }
  EXPECT_THAT(places,
              ElementsAre("\"e.jsonl\":1:\"tokens\"", "\"e.jsonl\":3:\"question.stem\"",
                          "\"named.tsv.zst\":2:\"text\"", "\"numbered.tsv\":1:\"2\"",
                          "\"all.tsv\":1:\"1\"", "\"all.tsv\":1:\"2\"", "\"plain\":1:\"\""));
}

TEST_F(Decontaminate, ReportsASharedPhraseOncePerEvaluationFile) {
  write_bytes("one.txt", numbered("a", 1, 13) + "\n" + numbered("a", 1, 13) + " more\n");
  write_bytes("two.txt", "first\n" + numbered("a", 1, 13) + "\n");
  write("a.jsonl", {numbered("a", 1, 13)});
  const DecontaminateJob job =
      clean({"a.jsonl"}, {{.path = path("one.txt")}, {.path = path("two.txt")}});
  EXPECT_EQ(run(job).hits, 2u);
  const std::vector<Json> report = json_lines(job.report);
  EXPECT_EQ(report[0].at("evaluation_line"), 1);
  EXPECT_EQ(report[1].at("evaluation_line"), 2);
}

// Against a search for the words themselves, with texts of few different words.
TEST_F(Decontaminate, FindsWhatBruteForceFinds) {
  TextMaker maker(1);
  const auto text = [&maker](size_t words) {
    WordList result;
    for (size_t i = 0; i < words; ++i) result.push_back(str_cat("w", maker.below(4)));
    return result;
  };
  std::string evaluation;
  std::vector<std::string> wanted;
  for (int i = 0; i < 50; ++i) {
    const WordList words = text(5 + maker.below(10));
    evaluation += str_join(words, " ") + "\n";
    if (words.size() < 7) wanted.push_back(" " + str_join(words, " ") + " ");
    for (const std::string& ngram : shingles_of(words, 7)) wanted.push_back(" " + ngram + " ");
  }
  write_bytes("eval.txt", evaluation);
  std::vector<std::string> expected;
  std::vector<std::string> texts;
  for (int i = 0; i < 1500; ++i) {
    texts.push_back(str_join(text(5 + maker.below(80)), " "));
    const std::string padded = " " + texts.back() + " ";
    const bool clean_text = std::none_of(wanted.begin(), wanted.end(), [&](const auto& ngram) {
      return padded.find(ngram) != std::string::npos;
    });
    if (clean_text) expected.push_back("d" + std::to_string(i));
  }
  ASSERT_GT(expected.size(), 300u);
  ASSERT_LT(expected.size(), 1200u);
  write("a.jsonl", texts);
  DecontaminateJob job = clean({"a.jsonl"}, {{.path = path("eval.txt")}});
  run(job, {.ngram_words = 7, .min_words = 5});
  EXPECT_EQ(kept(job), expected);
  DecontaminateJob threads = clean({"a.jsonl"}, {{.path = path("eval.txt")}}, "threads");
  threads.threads = 3;
  const DecontaminateSummary summary = run(threads, {.ngram_words = 7, .min_words = 5});
  EXPECT_EQ(test::read_text(threads.files[0].output), test::read_text(job.files[0].output));
  EXPECT_EQ(test::read_text(threads.report), test::read_text(job.report));
  EXPECT_EQ(summary.kept + summary.dropped, texts.size());
}

TEST_F(Decontaminate, RestartsAfterAnyFailureWithTheSameBytes) {
  write_bytes("eval.txt", numbered("a", 1, 13) + "\n");
  write("a.jsonl", {"one", numbered("a", 1, 14)});
  write("b.jsonl", {numbered("a", 0, 13), "two"});
  const DecontaminateJob job = clean({"a.jsonl", "b.jsonl"}, {{.path = path("eval.txt")}});
  run(job);
  const auto outputs = [&] {
    return std::vector{test::read_text(job.files[0].output), test::read_text(job.files[1].output),
                       test::read_text(job.report)};
  };
  const auto expected = outputs();
  int64_t at = 1;
  for (bool finished = false; !finished; ++at) {
    fs::remove_all(path("out"));
    fs::remove_all(path("out.work"));
    FaultInjectionEnv env(Env::posix());
    env.fail_after(at);
    try {
      decontaminate(env, job, {});
      finished = true;
    } catch (const Error& error) {
      ASSERT_THAT(error.what(), HasSubstr("injected failure"));
    }
    env.fail_after(0);
    if (at % 2 == 0) env.drop_unsynced();
    ASSERT_EQ(run(job).hits, 2u);
    ASSERT_EQ(outputs(), expected) << at;
  }
  EXPECT_GT(at, 30);
}

TEST_F(Decontaminate, RefusesWhatCannotBe) {
  write("a.jsonl", {"one"});
  write_bytes("eval.jsonl", "{\"text\": 3}\n");
  write_bytes("eval.tsv", "a\tb\n");
  write_bytes("eval.txt", "a\n");
  write_bytes("eval.csv", "a\n");
  const auto error = [&](const EvaluationFile& file, const DecontaminateOptions& options = {}) {
    return test::error_of([&] { run(clean({"a.jsonl"}, {file}), options); });
  };
  EXPECT_THAT(error({.path = path("eval.jsonl")}), HasSubstr("eval.jsonl:1"));
  EXPECT_THAT(error({.path = path("eval.jsonl"), .fields = {"question"}}),
              HasSubstr("expected a field \"question\", got no line that has it"));
  EXPECT_THAT(error({.path = path("eval.tsv"), .fields = {"3"}}), HasSubstr("field \"3\""));
  EXPECT_THAT(error({.path = path("eval.tsv"), .fields = {"a"}}), HasSubstr("number of a column"));
  EXPECT_THAT(error({.path = path("eval.tsv"), .fields = {"c"}, .header = true}),
              HasSubstr("field \"c\""));
  EXPECT_THAT(error({.path = path("eval.txt"), .fields = {"a"}}), HasSubstr("no fields"));
  EXPECT_THAT(error({.path = path("eval.csv")}), HasSubstr("does not say the format"));
  EXPECT_THAT(error({.path = path("none.txt")}), HasSubstr("none.txt"));
  EXPECT_THAT(error({.path = path("eval.txt")}, {.ngram_words = 0}), HasSubstr("ngram_words"));
  EXPECT_THAT(error({.path = path("eval.txt")}, {.min_words = 14}), HasSubstr("min_words"));
  EXPECT_THAT(test::error_of([&] { run(clean({"a.jsonl"}, {})); }),
              HasSubstr("expected evaluation files"));
}

}  // namespace
}  // namespace rexbert::curate
