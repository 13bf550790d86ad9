#include "rexbert/tasks/suite.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>

#include "rexbert/core/strings.h"
#include "support/cuda.h"
#include "support/errors.h"
#include "support/paths.h"
#include "support/process.h"
#include "support/temporary_directory.h"
#include "tasks/suite_files.h"

namespace rexbert::tasks {
namespace {

using ::testing::HasSubstr;

constexpr const char* kTuning = "batch: 16, learning_rate: [3e-3], max_tokens: 64";

class SuiteTest : public ::testing::Test {
 protected:
  SuiteTest() { at::set_num_threads(1); }

  SuiteResults run(const std::string& config, const std::string& output = "out",
                   const std::vector<std::string>& checkpoints = {"m={}"}) const {
    SuiteRequest request;
    request.options = load_suite_options(env_, files_.config(config));
    for (std::string text : checkpoints) {
      text.replace(text.find("{}"), 2, files_.path("model").string());
      request.checkpoints.push_back(parse_suite_checkpoint(env_, text));
    }
    request.output = folder_ / output;
    return run_suite(env_, request);
  }

  // Of the run whose part lies in `part`.
  std::vector<Json> lines(const std::string& part, const std::string& kind) const {
    std::vector<Json> found;
    const std::string text = env_.read_file(folder_ / part / "metrics.jsonl");
    for (size_t begin = 0, end; (end = text.find('\n', begin)) != text.npos; begin = end + 1) {
      Json line = Json::parse(text.substr(begin, end - begin));
      if (line["kind"] == kind) found.push_back(std::move(line));
    }
    return found;
  }

  static double value(const SuiteResults& results, const std::string& task, const std::string& key,
                      const std::string& model = "m") {
    for (const SuiteScore& score : results.scores) {
      if (score.task == task && score.model == model) return score.values.at(key);
    }
    return std::nan("");
  }

  Env& env_ = Env::posix();
  rexbert::test::TemporaryDirectory folder_;
  test::SuiteFiles files_{folder_ / "files"};
};

TEST_F(SuiteTest, LearnsTagsSimilarityAndClasses) {
  const SuiteResults results =
      run(str_cat("seeds: [1, 2]\n"
                  "tasks:\n"
                  "  tags: {kind: token_classification, train: '{}/tags.jsonl', test: "
                  "'{}/tags_test.jsonl', epochs: [6], ",
                  kTuning,
                  "}\n  pairs: {kind: similarity, train: '{}/pairs.jsonl', test: '{}/pairs.jsonl', "
                  "epochs: [4], ",
                  kTuning,
                  "}\n  classes: {kind: classification, train: '{}/classes.jsonl', test: "
                  "'{}/classes.jsonl', epochs: [6], ",
                  kTuning, "}\n"));
  EXPECT_EQ(results.scores.size(), 6U);
  EXPECT_GT(value(results, "tags", "f1"), 0.9);
  EXPECT_GT(value(results, "pairs", "spearman"), 0.5);
  EXPECT_GT(value(results, "classes", "accuracy"), 0.9);
  // The word that says the class lies in another place of every text.
  const std::vector<Json> steps = lines("out/parts/m/classes/seed-1", "train");
  EXPECT_EQ(steps.size(), 24U);  // 6 x 64 / 16
  EXPECT_LT(steps.back().at("loss"), 0.5 * steps.front().at("loss").get<double>());
  EXPECT_EQ(steps.front().at("lines").size(), 16U);
  for (const char* report : {"results.json", "results.md", "results.html"}) {
    EXPECT_TRUE(env_.exists(folder_ / "out" / report)) << report;
  }
}

TEST_F(SuiteTest, LearnsOnCuda) {
  if (const std::string reason = rexbert::test::no_cuda_reason(); !reason.empty()) {
    GTEST_SKIP() << reason;
  }
  for (const char* precision : {"f32", "bf16"}) {
    const std::string config =
        str_cat("seeds: [1]\ndevice: cuda\nprecision: ", precision,
                "\ntasks:\n  classes: {kind: classification, train: '{}/classes.jsonl', test: "
                "'{}/classes.jsonl', epochs: [6], ",
                kTuning,
                "}\n  tags: {kind: token_classification, train: '{}/tags.jsonl', test: "
                "'{}/tags_test.jsonl', epochs: [6], ",
                kTuning, "}\n");
    const SuiteResults results = run(config, precision);
    EXPECT_GT(value(results, "classes", "accuracy"), 0.9) << precision;
    EXPECT_GT(value(results, "tags", "f1"), 0.9) << precision;
  }
}

TEST_F(SuiteTest, RunsAllNineTasksOfGlueAndStartsSomeFromMnli) {
  std::string config = "seeds: [1]\ntasks:\n";
  for (const datasets::GlueTask& task : datasets::glue_tasks()) {
    const bool chained = task.name == "MRPC" || task.name == "RTE" || task.name == "STS-B";
    config += str_cat("  ", task.name, ": {kind: glue, glue: '{}/glue', corpus: ", task.name,
                      ", epochs: [1], ", kTuning, chained ? ", start_from: MNLI" : "", "}\n");
  }
  const SuiteResults results = run(config);
  EXPECT_EQ(results.scores.size(), 9U);
  EXPECT_FALSE(std::isnan(value(results, "MNLI", "mismatched_accuracy")));
  EXPECT_FALSE(std::isnan(value(results, "STS-B", "pearson")));
  EXPECT_FALSE(std::isnan(value(results, "CoLA", "matthews")));
  EXPECT_TRUE(env_.exists(folder_ / "out/models/m/MNLI/seed-1/config.json"));
  EXPECT_FALSE(env_.exists(folder_ / "out/models/m/RTE"));
  // RTE's encoder is MNLI's: its first step differs from that of one without a start.
  run("seeds: [1]\ntasks:\n  RTE: {kind: glue, glue: '{}/glue', corpus: RTE, epochs: [1], " +
          std::string(kTuning) + "}\n",
      "alone");
  EXPECT_NE(lines("out/parts/m/RTE/seed-1", "train")[0].at("gradient_norm"),
            lines("alone/parts/m/RTE/seed-1", "train")[0].at("gradient_norm"));
}

constexpr const char* kClasses =
    "  classes: {kind: classification, train: '{}/classes.jsonl', test: '{}/classes.jsonl', ";

TEST_F(SuiteTest, SearchesTheGridWithTheFirstSeedAndTakesTheBest) {
  const SuiteResults results =
      run(str_cat("seeds: [1, 2]\ntasks:\n", kClasses,
                  "epochs: [1, 6], batch: 16, learning_rate: [1e-9, 3e-3], held_out: 0.25}\n"));
  for (int i = 1; i <= 4; ++i) {
    EXPECT_TRUE(env_.exists(folder_ / str_cat("out/parts/m/classes/search-", i, "/result.json")));
  }
  ASSERT_EQ(results.scores.size(), 2U);
  for (const SuiteScore& score : results.scores) {
    EXPECT_EQ(score.details.at("hyper_parameters").at("epochs"), 6);
    EXPECT_EQ(score.details.at("hyper_parameters").at("learning_rate"), 3e-3);
  }
  // The runs that are scored train on what the search held out too.
  EXPECT_EQ(lines("out/parts/m/classes/seed-1", "train").size(), 24U);
  EXPECT_EQ(lines("out/parts/m/classes/search-4", "train").size(), 18U);
}

TEST_F(SuiteTest, ARateThatDivergesIsTheWorstOfAGridAndAnErrorByItself) {
  const std::string kRates = "epochs: [1], batch: 16, held_out: 0.25, learning_rate: ";
  const SuiteResults results =
      run(str_cat("seeds: [1]\ntasks:\n", kClasses, kRates, "[1e30, 1e-3]}\n"));
  EXPECT_EQ(results.scores.at(0).details.at("hyper_parameters").at("learning_rate"), 1e-3);
  const Json tried =
      Json::parse(env_.read_file(folder_ / "out/parts/m/classes/search-1/result.json"));
  EXPECT_THAT(tried.at("details").at("error").get<std::string>(), HasSubstr("its samples"));
  EXPECT_THAT(rexbert::test::error_of([&] {
                run(str_cat("seeds: [7]\ntasks:\n", kClasses, kRates, "[1e30]}\n"), "alone");
              }),
              ::testing::AllOf(HasSubstr("tasks.classes: m, seed 7, "), HasSubstr("1e+30")));
}

TEST_F(SuiteTest, ABatchBeyondTheExamplesIsAllOfThem) {
  const SuiteResults results = run(
      str_cat("seeds: [1]\ntasks:\n", kClasses,
              "epochs: [3], batch: 1000, learning_rate: [3e-3], held_out: 0.25, patience: 3}\n"));
  EXPECT_EQ(results.scores.at(0).details.at("steps"), 3);
  EXPECT_LE(results.scores.at(0).details.at("best_epoch").get<int>(), 3);
  EXPECT_EQ(lines("out/parts/m/classes/seed-1", "train").at(0).at("lines").size(), 48U);
}

TEST_F(SuiteTest, StopsEarlyWithTheWeightsOfTheBestEpoch) {
  const SuiteResults results = run(
      str_cat("seeds: [1]\ntasks:\n", kClasses,
              "epochs: [40], batch: 16, learning_rate: [3e-3], held_out: 0.25, patience: 2}\n"));
  const std::vector<Json> epochs = lines("out/parts/m/classes/seed-1", "validation");
  ASSERT_LT(epochs.size(), 40U);
  ASSERT_GE(epochs.size(), 3U);
  const int64_t best = results.scores.at(0).details.at("best_epoch");
  EXPECT_EQ(static_cast<int64_t>(epochs.size()), best + 2);
  EXPECT_GT(value(results, "classes", "accuracy"), 0.9);
  EXPECT_FALSE(env_.exists(folder_ / "out/parts/m/classes/seed-1/best.safetensors"));
}

TEST_F(SuiteTest, MaskedTokensAreScoredByDomainAndByPosition) {
  const SuiteResults results =
      run("tasks:\n  recovery: {kind: mlm_recovery, domains: {products: '{}/corpus.txt', more: "
          "'{}/more.txt'}, block: 8, position_bucket: 4}\n",
          "out", {"m={}", "nothing=random:{}"});
  ASSERT_EQ(results.scores.size(), 2U);
  const Json& details = results.scores[0].details;
  EXPECT_EQ(details.at("domains").size(), 2U);
  ASSERT_EQ(details.at("positions").size(), 2U);
  int64_t by_domain = 0, by_position = 0;
  for (const auto& domain : details.at("domains")) by_domain += domain.at("masked").get<int64_t>();
  for (const auto& bucket : details.at("positions")) {
    by_position += bucket.at("masked").get<int64_t>();
  }
  EXPECT_EQ(by_domain, by_position);
  EXPECT_GT(by_domain, 100);
}

TEST_F(SuiteTest, WhatIsDoneIsNotDoneAgain) {
  const std::string config =
      str_cat("seeds: [1, 2]\ntasks:\n", kClasses, "epochs: [1], ", kTuning, "}\n");
  run(config);
  const fs::path first = folder_ / "out/parts/m/classes/seed-1/result.json";
  const std::string before = env_.read_file(first);  // has the seconds that it took
  const SuiteResults again = run(config);
  EXPECT_EQ(env_.read_file(first), before);
  EXPECT_EQ(again.scores.size(), 2U);
  run(str_cat("seeds: [1, 2, 3]\ntasks:\n", kClasses, "epochs: [1], ", kTuning, "}\n"));
  EXPECT_EQ(env_.read_file(first), before);
  // Other settings are other parts.
  run(str_cat("seeds: [1]\ntasks:\n", kClasses, "epochs: [2], ", kTuning, "}\n"));
  const std::string longer = env_.read_file(first);
  EXPECT_NE(longer, before);
  run(str_cat("seeds: [1]\nmicro_tokens: 64\ntasks:\n", kClasses, "epochs: [2], ", kTuning, "}\n"));
  EXPECT_NE(env_.read_file(first), longer);
}

// A real process, killed at many moments; checkpoints lie 2 updates apart.
TEST_F(SuiteTest, KilledAndStartedAgainItEndsInTheSameScores) {
  const fs::path config =
      files_.config(str_cat("seeds: [1, 2]\ncheckpoint_every: 2\ntasks:\n", kClasses,
                            "epochs: [12], patience: 1, held_out: 0.25, ", kTuning,
                            "}\n  tags: {kind: token_classification, train: '{}/tags.jsonl', test: "
                            "'{}/tags_test.jsonl', epochs: [1], ",
                            kTuning, "}\n"));
  const auto start = [&](const std::string& output) {
    return rexbert::test::start_rexbert(
        {"eval", "suite", "--checkpoint", "m=" + files_.path("model").string(), "--config",
         config.string(), "--output", (folder_ / output).string(), "--threads", "1"},
        folder_ / "log");
  };
  // All but how long it took.
  const auto scores = [&](const std::string& output) {
    Json results = Json::parse(env_.read_file(folder_ / output / "results.json"));
    const std::function<void(Json&)> strip = [&](Json& json) {
      if (json.is_object()) json.erase("seconds");
      for (Json& part : json) {
        if (part.is_structured()) strip(part);
      }
    };
    strip(results);
    return results;
  };
  ASSERT_EQ(rexbert::test::wait_for(start("whole")), 0) << env_.read_file(folder_ / "log");
  const fs::path parts = folder_ / "killed/parts/m";
  const auto exists = [&](const char* path) {
    return [&, path] { return env_.exists(parts / path); };
  };
  int kills = 0;
  kills += rexbert::test::kill_at(start("killed"), exists("classes/seed-1/checkpoints/latest"));
  kills += rexbert::test::kill_at(start("killed"), exists("classes/seed-1/result.json"));
  const std::string done = env_.read_file(parts / "classes/seed-1/result.json");
  kills += rexbert::test::kill_at(start("killed"), exists("classes/seed-2/best.json"));
  // Behind the epoch that it stopped at, before its score is there.
  kills += rexbert::test::kill_at(start("killed"), [&] {
    const fs::path best = parts / "classes/seed-2/best.json";
    return env_.exists(best) && Json::parse(env_.read_file(best)).at("stopped_at") > 0;
  });
  EXPECT_EQ(kills, 4);
  ASSERT_EQ(rexbert::test::wait_for(start("killed")), 0) << env_.read_file(folder_ / "log");
  EXPECT_EQ(env_.read_file(parts / "classes/seed-1/result.json"), done);
  EXPECT_EQ(scores("killed"), scores("whole"));
}

TEST_F(SuiteTest, CheckpointsHaveNamesOfTheirOwn) {
  const std::string model = files_.path("model").string();
  EXPECT_EQ(parse_suite_checkpoint(env_, model).name, "model");
  EXPECT_EQ(parse_suite_checkpoint(env_, "a=" + model).name, "a");
  EXPECT_TRUE(parse_suite_checkpoint(env_, "a=random:" + model).random_weights);
  EXPECT_EQ(parse_suite_checkpoint(env_, "random:" + model).name, "random-model");
  EXPECT_THAT(rexbert::test::error_of([&] { parse_suite_checkpoint(env_, "a/b=" + model); }),
              HasSubstr("expected NAME=DIR"));
  EXPECT_THAT(rexbert::test::error_of([&] { parse_suite_checkpoint(env_, "nowhere"); }),
              HasSubstr("nowhere: no such folder"));
  EXPECT_THAT(rexbert::test::error_of([&] {
                run(str_cat("tasks:\n", kClasses, kTuning, "}\n"), "out", {"m={}", "m={}"});
              }),
              HasSubstr("two checkpoints are called"));
}

TEST_F(SuiteTest, MistakesInTheFilesAreNamed) {
  const auto error = [&](const std::string& task) {
    const SuiteOptions options =
        load_suite_options(env_, files_.config(str_cat("tasks:\n  t: {", task, "}\n")));
    return rexbert::test::error_of([&] { check_suite_files(env_, options, files_.path("model")); });
  };
  EXPECT_EQ(error("kind: token_classification, train: '{}/tags.jsonl', test: '{}/tags_test.jsonl'"),
            "no error");
  EXPECT_THAT(
      error("kind: token_classification, train: '{}/tags.jsonl', test: '{}/../files/tags.jsonl'"),
      ::testing::AllOf(HasSubstr("tasks.t: expected train, validation and test in files of their"),
                       HasSubstr("tags.jsonl more than once")));
  EXPECT_THAT(error("kind: classification, train: '{}/tags.jsonl', test: '{}/tags_test.jsonl'"),
              HasSubstr("tags.jsonl:1"));
  EXPECT_THAT(error("kind: mlm_recovery, domains: {a: '{}/none.txt'}"), HasSubstr("none.txt"));
  // One file by two names is one file.
  EXPECT_EQ(error("kind: similarity, train: '{}/pairs.jsonl', test: '{}/../files/pairs.jsonl'"),
            "no error");
}

// Other processes may wait for an answer while a suite is scored.
TEST_F(SuiteTest, IsAskedToStopBetweenBatchesOfScoring) {
  const auto asked = [&](const std::string& task, const std::string& output) {
    SuiteRequest request;
    request.options = load_suite_options(
        env_, files_.config("seeds: [1]\nmicro_tokens: 64\ntasks:\n  t: {" + task + "}\n"));
    request.checkpoints.push_back(parse_suite_checkpoint(env_, files_.path("model").string()));
    request.output = folder_ / output;
    int64_t count = 0;
    request.stop_requested = [&] { return ++count < 0; };
    run_suite(env_, request);
    // The last of these times it is told to.
    const int64_t last = std::exchange(count, 0);
    request.output = folder_ / (output + "-stopped");
    request.stop_requested = [&] { return ++count == last; };
    EXPECT_THAT(rexbert::test::error_of([&] { run_suite(env_, request); }),
                HasSubstr("the scoring was asked to stop"));
    return last;
  };
  // Asked before the part and after each of 64 / 4 updates, and then by the scoring.
  EXPECT_GT(asked("kind: classification, train: '{}/classes.jsonl', test: '{}/classes.jsonl', "
                  "epochs: [1], batch: 4, learning_rate: [1e-3], max_tokens: 64",
                  "classes"),
            1 + 16);
  EXPECT_GT(asked("kind: mlm_recovery, domains: {a: '{}/corpus.txt'}", "recovery"), 1);
}

// docs/evaluation-configuration.md is generated: rexbert eval docs >
// docs/evaluation-configuration.md
TEST(SuiteReferenceTest, IsUpToDate) {
  EXPECT_EQ(Env::posix().read_file(rexbert::test::source_path("docs/evaluation-configuration.md")),
            suite_reference())
      << "run: build/release/bin/rexbert eval docs > docs/evaluation-configuration.md";
}

TEST(SuiteConfigsTest, ThoseThatAreShippedAreRead) {
  for (const char* name : {"DATA", "GLUE", "CLAIM"}) ASSERT_EQ(setenv(name, "somewhere", 1), 0);
  for (const char* name : {"eval/ecommerce", "eval/ecommerce-quick", "eval/glue", "claim/suite"}) {
    const SuiteOptions suite = load_suite_options(
        Env::posix(), rexbert::test::source_path(str_cat("configs/", name, ".yaml")));
    EXPECT_GE(suite.tasks.size(), 4U) << name;
  }
}

TEST_F(SuiteTest, MistakesInTheConfigAreNamed) {
  const auto error = [&](const std::string& config) {
    return rexbert::test::error_of([&] { load_suite_options(env_, files_.config(config)); });
  };
  EXPECT_THAT(
      error("tasks:\n  t: {kind: classification, train: a, test: b, learning_rates: [1]}\n"),
      HasSubstr("learning_rate"));
  EXPECT_THAT(error("tasks:\n  t: {kind: classification, train: a}\n"),
              HasSubstr("tasks.t.test: expected a file, got none"));
  EXPECT_THAT(error("tasks:\n  t: {kind: glue, glue: g, corpus: Cola}\n"),
              HasSubstr("tasks.t.corpus: expected one of CoLA, SST-2"));
  EXPECT_THAT(error("tasks:\n  t: {kind: glue, glue: g, corpus: RTE, start_from: mnli}\n"),
              HasSubstr("tasks.t.start_from: expected a task of this suite"));
  EXPECT_THAT(error("tasks:\n  a: {kind: glue, glue: g, corpus: RTE, start_from: b}\n"
                    "  b: {kind: glue, glue: g, corpus: RTE, start_from: a}\n"),
              HasSubstr("circle"));
  EXPECT_THAT(error("seeds: []\ntasks:\n  t: {kind: mlm_recovery, domains: {a: b}}\n"),
              HasSubstr("seeds: expected at least one"));
  EXPECT_THAT(error("seeds: [1, 1]\ntasks:\n  t: {kind: mlm_recovery, domains: {a: b}}\n"),
              HasSubstr("seeds: expected each once"));
  EXPECT_THAT(error("tasks:\n  ../t: {kind: mlm_recovery, domains: {a: b}}\n"),
              HasSubstr("tasks: expected names that can be folders', got \"../t\""));
  EXPECT_THAT(error("tasks:\n  t: {kind: glue, glue: g, corpus: RTE, epochs: []}\n"),
              HasSubstr("tasks.t.epochs: expected at least one value"));
}

}  // namespace
}  // namespace rexbert::tasks
