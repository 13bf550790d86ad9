#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/datasets/glue.h"

namespace rexbert::datasets {
namespace {

std::vector<GlueFile> train_and_dev(const std::vector<std::string_view>& columns) {
  return {{"train", "train.tsv", columns}, {"dev", "dev.tsv", columns}};
}

// MNLI's development files have the labels of five annotators, its training file that of one.
std::vector<GlueFile> mnli_files() {
  const std::vector<std::string_view> common = {"index",
                                                "promptID",
                                                "pairID",
                                                "genre",
                                                "sentence1_binary_parse",
                                                "sentence2_binary_parse",
                                                "sentence1_parse",
                                                "sentence2_parse",
                                                "sentence1",
                                                "sentence2"};
  std::vector<std::string_view> train = common;
  train.insert(train.end(), {"label1", "gold_label"});
  std::vector<std::string_view> dev = common;
  dev.insert(dev.end(), {"label1", "label2", "label3", "label4", "label5", "gold_label"});
  return {{"train", "train.tsv", train},
          {"dev_matched", "dev_matched.tsv", dev},
          {"dev_mismatched", "dev_mismatched.tsv", dev}};
}

std::vector<GlueTask> make_tasks() {
  using enum GlueMetric;
  const std::vector<std::string_view> two_sentences = {"index", "sentence1", "sentence2", "label"};
  const std::vector<GlueLabel> entailment = {{"entailment", "entailment"},
                                             {"not_entailment", "not_entailment"}};
  return {
      {.name = "CoLA",
       .files = train_and_dev({"source", "label", "mark", "sentence"}),
       .first_text = "sentence",
       .second_text = {},
       .label = "label",
       .labels = {{"0", "unacceptable"}, {"1", "acceptable"}},
       .metrics = {kMatthews},
       .has_header = false},
      {.name = "SST-2",
       .files = train_and_dev({"sentence", "label"}),
       .first_text = "sentence",
       .second_text = {},
       .label = "label",
       .labels = {{"0", "negative"}, {"1", "positive"}},
       .metrics = {kAccuracy}},
      {.name = "MRPC",
       .files = train_and_dev({"Quality", "#1 ID", "#2 ID", "#1 String", "#2 String"}),
       .first_text = "#1 String",
       .second_text = "#2 String",
       .label = "Quality",
       .labels = {{"0", "not_equivalent"}, {"1", "equivalent"}},
       .metrics = {kF1, kAccuracy}},
      {.name = "STS-B",
       .files = train_and_dev({"index", "genre", "filename", "year", "old_index", "source1",
                               "source2", "sentence1", "sentence2", "score"}),
       .first_text = "sentence1",
       .second_text = "sentence2",
       .label = "score",
       .labels = {},
       .metrics = {kPearson, kSpearman}},
      {.name = "QQP",
       .files = train_and_dev({"id", "qid1", "qid2", "question1", "question2", "is_duplicate"}),
       .first_text = "question1",
       .second_text = "question2",
       .label = "is_duplicate",
       .labels = {{"0", "not_duplicate"}, {"1", "duplicate"}},
       .metrics = {kF1, kAccuracy},
       .has_broken_lines = true},
      {.name = "MNLI",
       .files = mnli_files(),
       .first_text = "sentence1",
       .second_text = "sentence2",
       .label = "gold_label",
       .labels = {{"entailment", "entailment"},
                  {"neutral", "neutral"},
                  {"contradiction", "contradiction"}},
       .metrics = {kAccuracy}},
      {.name = "QNLI",
       .files = train_and_dev({"index", "question", "sentence", "label"}),
       .first_text = "question",
       .second_text = "sentence",
       .label = "label",
       .labels = entailment,
       .metrics = {kAccuracy}},
      {.name = "RTE",
       .files = train_and_dev(two_sentences),
       .first_text = "sentence1",
       .second_text = "sentence2",
       .label = "label",
       .labels = entailment,
       .metrics = {kAccuracy}},
      {.name = "WNLI",
       .files = train_and_dev(two_sentences),
       .first_text = "sentence1",
       .second_text = "sentence2",
       .label = "label",
       .labels = {{"0", "not_entailment"}, {"1", "entailment"}},
       .metrics = {kAccuracy}},
  };
}

}  // namespace

std::string_view to_string(GlueMetric metric) {
  switch (metric) {
    case GlueMetric::kAccuracy:
      return "accuracy";
    case GlueMetric::kF1:
      return "f1";
    case GlueMetric::kMatthews:
      return "matthews";
    case GlueMetric::kPearson:
      return "pearson";
    case GlueMetric::kSpearman:
      return "spearman";
  }
  return "?";
}

const std::vector<GlueTask>& glue_tasks() {
  static const std::vector<GlueTask> tasks = make_tasks();
  return tasks;
}

const GlueTask& glue_task(std::string_view name) {
  std::vector<std::string> names;
  for (const GlueTask& task : glue_tasks()) {
    if (task.name == name) return task;
    names.emplace_back(task.name);
  }
  throw Error(ErrorCode::kUsage, str_cat("expected a GLUE task of ", str_join(names, ", "),
                                         ", got ", str_quote(name)));
}

}  // namespace rexbert::datasets
