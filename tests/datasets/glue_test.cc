#include "rexbert/datasets/glue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "rexbert/core/strings.h"
#include "rexbert/metrics/classification.h"
#include "rexbert/metrics/correlation.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::datasets {
namespace {

using rexbert::test::error_of;
using rexbert::test::TemporaryDirectory;
using testing::ElementsAre;
using enum GlueMetric;

// A copy of the benchmark's folder with one file.
class GlueFolder {
 public:
  GlueFolder(std::string_view task, std::string_view file, std::string_view contents) {
    Env::posix().create_directories(folder_ / task);
    write_synced_file(Env::posix(), folder_ / task / file, contents);
  }

  GlueExamples read(std::string_view task, std::string_view split) const {
    return read_glue(Env::posix(), folder_.path(), glue_task(task), split);
  }

  // Without the folder's name.
  std::string error(std::string_view task, std::string_view split) const {
    std::string text = error_of([&] { read(task, split); });
    const std::string folder = (folder_.path() / "").string();
    if (const size_t at = text.find(folder); at != text.npos) text.erase(at, folder.size());
    return text;
  }

 private:
  TemporaryDirectory folder_;
};

// A file in each task's published format, with two examples.
struct Published {
  std::string_view task;
  std::string_view split;
  std::string_view file;
  std::string_view contents;
  std::vector<std::string_view> texts;  // first and second of both examples
  std::vector<double> labels;
};

const std::vector<Published>& published() {
  static const std::vector<Published> files = {
      {"CoLA",
       "train",
       "train.tsv",
       "gj04\t1\t\tThe \"sun\" set.\n"
       "ks08\t0\t*\tThe set sun the.\n",
       {"The \"sun\" set.", "", "The set sun the.", ""},
       {1, 0}},
      {"SST-2",
       "dev",
       "dev.tsv",
       "sentence\tlabel\n"
       "a fine film . \t1\n"
       "\" dull \t0\n",
       {"a fine film . ", "", "\" dull ", ""},
       {1, 0}},
      {"MRPC",
       "train",
       "train.tsv",
       "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
       "1\t7\t8\tHe said \"no .\tNo , he said .\r\n"
       "0\t9\t10\tIt rose .\tIt fell .\r\n",
       {"He said \"no .", "No , he said .", "It rose .", "It fell ."},
       {1, 0}},
      {"STS-B",
       "dev",
       "dev.tsv",
       "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
       "0\tmain-captions\tMSRvid\t2012test\t0000\tnone\tnone\tA cat runs.\tA cat sits.\t1.750\n"
       "1\tmain-news\theadlines\t2016\t5\tu\tv\tRain.\tIt rains.\t5.000\n",
       {"A cat runs.", "A cat sits.", "Rain.", "It rains."},
       {1.75, 5}},
      {"QQP",
       "train",
       "train.tsv",
       "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
       "1\t2\t3\tWhat is é?\tWhat's é?\t1\n"
       "4\t5\t6\tWhy?\t\t0\n",
       {"What is é?", "What's é?", "Why?", ""},
       {1, 0}},
      {"MNLI",
       "train",
       "train.tsv",
       "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\t"
       "sentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tgold_label\n"
       "0\t1\t1n\tfiction\t( A )\t( B )\t(ROOT A)\t(ROOT B)\tA runs.\tB runs.\tneutral\tneutral\n"
       "1\t2\t2c\tfiction\t( A )\t( B )\t(ROOT A)\t(ROOT B)\tA sits.\tA runs.\tneutral\t"
       "contradiction\n",
       {"A runs.", "B runs.", "A sits.", "A runs."},
       {1, 2}},
      {"MNLI",
       "dev_mismatched",
       "dev_mismatched.tsv",
       "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\t"
       "sentence1_parse\tsentence2_parse\tsentence1\tsentence2\tlabel1\tlabel2\tlabel3\tlabel4\t"
       "label5\tgold_label\n"
       "0\t1\t1e\tletters\t( A )\t( B )\t(ROOT A)\t(ROOT B)\tA runs.\tOne runs.\tneutral\t"
       "entailment\tentailment\tentailment\tneutral\tentailment\n"
       "1\t2\t2n\tletters\t( A )\t( B )\t(ROOT A)\t(ROOT B)\tA sits.\tB sits.\tneutral\tneutral\t"
       "neutral\tneutral\tneutral\tneutral\n",
       {"A runs.", "One runs.", "A sits.", "B sits."},
       {0, 1}},
      {"QNLI",
       "dev",
       "dev.tsv",
       "index\tquestion\tsentence\tlabel\n"
       "0\tWho won?\tThe Broncos won.\tentailment\n"
       "1\tWhere?\tIn 2016.\tnot_entailment\n",
       {"Who won?", "The Broncos won.", "Where?", "In 2016."},
       {0, 1}},
      {"RTE",
       "train",
       "train.tsv",
       "index\tsentence1\tsentence2\tlabel\n"
       "0\tNo one was hurt.\tPeople were hurt.\tnot_entailment\n"
       "1\tIt rained.\tIt was wet.\tentailment\n",
       {"No one was hurt.", "People were hurt.", "It rained.", "It was wet."},
       {1, 0}},
      {"WNLI",
       "dev",
       "dev.tsv",
       "index\tsentence1\tsentence2\tlabel\n"
       "0\tThe cup broke as it fell.\tThe cup fell.\t1\n"
       "1\tThe cup broke the plate.\tThe plate broke the cup.\t0\n",
       {"The cup broke as it fell.", "The cup fell.", "The cup broke the plate.",
        "The plate broke the cup."},
       {1, 0}},
  };
  return files;
}

double value_of(const GlueTask& task, const GlueExample& example) {
  return task.is_regression() ? example.score : example.label;
}

TEST(Glue, ReadsTheFormatOfEachTask) {
  for (const Published& file : published()) {
    SCOPED_TRACE(str_cat(file.task, " ", file.split));
    const GlueTask& task = glue_task(file.task);
    const auto got = GlueFolder(file.task, file.file, file.contents).read(file.task, file.split);
    ASSERT_EQ(got.examples.size(), 2u);
    EXPECT_EQ(got.broken_lines, 0u);
    for (size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(got.examples[i].first, file.texts[2 * i]);
      EXPECT_EQ(got.examples[i].second, file.texts[2 * i + 1]);
      EXPECT_EQ(value_of(task, got.examples[i]), file.labels[i]);
      EXPECT_EQ(got.examples[i].line, i + (task.has_header ? 2 : 1));
    }
  }
}

TEST(Glue, ReadsLinesThatEndAsOnWindows) {
  for (const Published& file : published()) {
    SCOPED_TRACE(str_cat(file.task, " ", file.split));
    std::string contents;
    for (const char c : file.contents) {
      if (c == '\n' && !contents.ends_with('\r')) contents += '\r';
      contents += c;
    }
    const auto got = GlueFolder(file.task, file.file, contents).read(file.task, file.split);
    ASSERT_EQ(got.examples.size(), 2u);
    EXPECT_EQ(got.examples[1].first, file.texts[2]);
    EXPECT_EQ(value_of(glue_task(file.task), got.examples[1]), file.labels[1]);
  }
}

TEST(Glue, NamesTheLineOfAWrongLabelInEachTask) {
  for (const Published& file : published()) {
    SCOPED_TRACE(str_cat(file.task, " ", file.split));
    const GlueTask& task = glue_task(file.task);
    const auto& columns =
        std::find_if(task.files.begin(), task.files.end(), [&](const GlueFile& one) {
          return one.split == file.split;
        })->columns;
    const auto label = static_cast<size_t>(std::find(columns.begin(), columns.end(), task.label) -
                                           columns.begin());
    std::vector<std::string> lines = str_split(file.contents, '\n');
    const size_t last = lines.size() - 2;  // an empty one is behind it
    if (lines[last].ends_with('\r')) lines[last].pop_back();
    std::vector<std::string> cells = str_split(lines[last], '\t');
    cells[label] = "5.001";
    lines[last] = str_join(cells, "\t");
    std::vector<std::string> values;
    for (const GlueLabel& one : task.labels) values.emplace_back(one.value);
    const std::string expected = task.is_regression() ? std::string("a number of 0 to 5")
                                                      : "one of " + str_join(values, ", ");
    EXPECT_EQ(GlueFolder(file.task, file.file, str_join(lines, "\n")).error(file.task, file.split),
              str_cat("corrupt data: ", file.task, "/", file.file, ":", last + 1, ": expected as ",
                      task.label, " ", expected, ", got \"5.001\""));
  }
}

TEST(Glue, NamesTheLineOfAWrongNumberOfColumnsInEachTask) {
  for (const Published& file : published()) {
    SCOPED_TRACE(str_cat(file.task, " ", file.split));
    const std::string contents = str_cat(file.contents, "one\ttwo\tthree\n");
    const GlueFolder folder(file.task, file.file, contents);
    const auto line = std::count(contents.begin(), contents.end(), '\n');
    if (glue_task(file.task).has_broken_lines) {
      EXPECT_EQ(folder.read(file.task, file.split).broken_lines, 1u);
      continue;
    }
    EXPECT_THAT(folder.error(file.task, file.split),
                testing::AllOf(testing::StartsWith(str_cat("corrupt data: ", file.task, "/",
                                                           file.file, ":", line, ": expected ")),
                               testing::HasSubstr(" columns ("), testing::EndsWith(", got 3")));
  }
}

TEST(Glue, RefusesMoreColumnsEvenWhereLinesAreCutShort) {
  const GlueFolder folder("QQP", "dev.tsv",
                          "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
                          "1\t2\t3\tWhy\nis that?\tWhy?\t1\n"
                          "1\t2\t3\tWhat?\tWho?\t0\tmore\n");
  EXPECT_EQ(folder.error("QQP", "dev"),
            "corrupt data: QQP/dev.tsv:4: expected 6 columns (id, qid1, qid2, question1, "
            "question2, is_duplicate), got 7");
}

TEST(Glue, LeavesOutLinesThatALineBreakCutShort) {
  const GlueFolder folder("QQP", "dev.tsv",
                          "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
                          "1\t2\t3\tWhy\n"
                          "is that?\tWhy?\t1\n"
                          "4\t5\t6\tWhat?\tWho?\t0\n");
  const GlueExamples got = folder.read("QQP", "dev");
  EXPECT_EQ(got.broken_lines, 2u);
  ASSERT_EQ(got.examples.size(), 1u);
  EXPECT_EQ(got.examples[0].line, 4u);
}

TEST(Glue, RefusesAnotherHeader) {
  const auto of = [](std::string_view contents) {
    return GlueFolder("SST-2", "train.tsv", contents).error("SST-2", "train");
  };
  const std::string expected =
      "corrupt data: SST-2/train.tsv:1: expected a header of 2 columns "
      "(sentence, label), got ";
  EXPECT_EQ(of("sentence\tlable\nfine\t1\n"), expected + "\"sentence\\tlable\"");
  EXPECT_EQ(of("label\tsentence\n1\tfine\n"), expected + "\"label\\tsentence\"");
  EXPECT_EQ(of("fine\t1\n"), expected + "\"fine\\t1\"");
  EXPECT_EQ(of("\n"), expected + "\"\"");
}

TEST(Glue, RefusesFilesWithoutExamples) {
  EXPECT_EQ(GlueFolder("SST-2", "train.tsv", "").error("SST-2", "train"),
            "corrupt data: SST-2/train.tsv:1: expected 2 columns (sentence, label), got an empty "
            "file");
  EXPECT_EQ(GlueFolder("SST-2", "train.tsv", "sentence\tlabel\n").error("SST-2", "train"),
            "corrupt data: SST-2/train.tsv:1: expected at least one example, got none");
  EXPECT_EQ(GlueFolder("CoLA", "train.tsv", "").error("CoLA", "train"),
            "corrupt data: CoLA/train.tsv:1: expected at least one example, got none");
}

TEST(Glue, RefusesOtherEncodings) {
  EXPECT_EQ(GlueFolder("SST-2", "dev.tsv", "sentence\tlabel\ncaf\xE9\t1\n").error("SST-2", "dev"),
            "corrupt data: SST-2/dev.tsv:2: expected UTF-8, got \"caf\\xe9\\t1\"");
  EXPECT_EQ(
      GlueFolder("SST-2", "dev.tsv", std::string_view("\xFF\xFEs\0", 4)).error("SST-2", "dev"),
      "corrupt data: SST-2/dev.tsv:1: expected UTF-8, got \"\\xff\\xfes\\x00\"");
}

TEST(Glue, RefusesScoresThatAreNone) {
  const auto of = [](std::string_view score) {
    return GlueFolder(
               "STS-B", "train.tsv",
               str_cat("index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\t"
                       "sentence2\tscore\n0\tg\tf\ty\to\ts\ts\tA\tB\t",
                       score, "\n"))
        .error("STS-B", "train");
  };
  for (const std::string_view score : {"", "-0.1", "5.1", "nan", "inf", "3,5", "3.5 ", "x"}) {
    EXPECT_EQ(of(score), str_cat("corrupt data: STS-B/train.tsv:2: expected as score a number of 0 "
                                 "to 5, got \"",
                                 score, "\""));
  }
  EXPECT_EQ(of("0"), "no error");
}

TEST(Glue, RefusesUnknownTasksSplitsAndFolders) {
  EXPECT_EQ(error_of([] { glue_task("SST2"); }),
            "usage error: expected a GLUE task of CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI, RTE, "
            "WNLI, got \"SST2\"");
  const GlueFolder folder("MNLI", "train.tsv", "");
  EXPECT_EQ(folder.error("MNLI", "dev"),
            "usage error: MNLI: expected a split of train, dev_matched, dev_mismatched, got "
            "\"dev\"");
  EXPECT_THAT(folder.error("CoLA", "dev"), testing::StartsWith("not found: "));
}

TEST(Glue, DescribesNineTasks) {
  ASSERT_EQ(glue_tasks().size(), 9u);
  for (const GlueTask& task : glue_tasks()) {
    SCOPED_TRACE(std::string(task.name));
    EXPECT_FALSE(task.metrics.empty());
    EXPECT_EQ(task.is_regression(), task.name == "STS-B");
    for (const GlueFile& file : task.files) {
      EXPECT_THAT(file.columns, testing::Contains(task.label));
      EXPECT_THAT(file.columns, testing::Contains(task.first_text));
      if (!task.second_text.empty()) {
        EXPECT_THAT(file.columns, testing::Contains(task.second_text));
      }
    }
  }
  EXPECT_EQ(glue_task("MNLI").labels.size(), 3u);
  EXPECT_EQ(glue_task("MNLI").files.size(), 3u);
  EXPECT_THAT(glue_task("CoLA").metrics, ElementsAre(kMatthews));
  EXPECT_THAT(glue_task("MRPC").metrics, ElementsAre(kF1, kAccuracy));
  EXPECT_THAT(glue_task("QQP").metrics, ElementsAre(kF1, kAccuracy));
  EXPECT_THAT(glue_task("STS-B").metrics, ElementsAre(kPearson, kSpearman));
  for (const std::string_view task : {"SST-2", "MNLI", "QNLI", "RTE", "WNLI"}) {
    EXPECT_THAT(glue_task(task).metrics, ElementsAre(kAccuracy));
  }
}

double score(GlueMetric metric, std::span<const double> truth, std::span<const double> predicted) {
  const std::vector<int> true_classes(truth.begin(), truth.end());
  const std::vector<int> classes(predicted.begin(), predicted.end());
  switch (metric) {
    case kAccuracy:
      return metrics::accuracy({true_classes, classes, 3});
    case kF1:
      return metrics::class_scores({true_classes, classes, 2}, 1).f1;
    case kMatthews:
      return metrics::matthews_correlation({true_classes, classes, 2});
    case kPearson:
      return metrics::pearson(truth, predicted);
    case kSpearman:
      return metrics::spearman(truth, predicted);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

TEST(Glue, ScoresWhatItReadByTheTasksMetrics) {
  for (const Published& file : published()) {
    SCOPED_TRACE(str_cat(file.task, " ", file.split));
    const GlueTask& task = glue_task(file.task);
    const auto got = GlueFolder(file.task, file.file, file.contents).read(file.task, file.split);
    std::vector<double> truth;
    for (const GlueExample& example : got.examples) truth.push_back(value_of(task, example));
    const std::vector<double> swapped = {truth[1], truth[0]};
    for (const GlueMetric metric : task.metrics) {
      EXPECT_DOUBLE_EQ(score(metric, truth, truth), 1) << to_string(metric);
      const bool correlates = metric == kMatthews || metric == kPearson || metric == kSpearman;
      EXPECT_DOUBLE_EQ(score(metric, truth, swapped), correlates ? -1 : 0) << to_string(metric);
    }
  }
}

}  // namespace
}  // namespace rexbert::datasets
