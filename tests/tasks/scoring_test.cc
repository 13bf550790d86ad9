#include "rexbert/tasks/scoring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rexbert/core/strings.h"
#include "rexbert/tasks/objectives.h"

namespace rexbert::tasks {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> keys_of(const std::map<std::string, double>& values) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values) keys.push_back(key);
  return keys;
}

TaskData glue_data(const std::string& name, int examples) {
  const datasets::GlueTask& task = datasets::glue_task(name);
  TaskData data;
  data.goal = task.is_regression() ? Goal::kRegression : Goal::kClassification;
  data.metrics = task.metrics;
  std::vector<std::string> labels;
  for (const datasets::GlueLabel& label : task.labels) labels.emplace_back(label.name);
  data.labels = datasets::LabelSet(labels);
  Split test{"dev", {}, 0};
  for (int i = 0; i < examples; ++i) {
    Example& example = test.examples.emplace_back();
    example.label = i % 2;
    example.target = i;
  }
  data.tests.push_back(test);
  return data;
}

// Each GLUE task's own metrics: those of Wang et al. 2019, table 1.
TEST(ScoreTest, EachGlueTaskIsScoredByItsOwnMetrics) {
  const std::map<std::string, std::vector<std::string>> wanted = {
      {"CoLA", {"matthews"}},       {"SST-2", {"accuracy"}},
      {"MRPC", {"accuracy", "f1"}}, {"STS-B", {"pearson", "spearman"}},
      {"QQP", {"accuracy", "f1"}},  {"MNLI", {"accuracy"}},
      {"QNLI", {"accuracy"}},       {"RTE", {"accuracy"}},
      {"WNLI", {"accuracy"}},
  };
  ASSERT_EQ(wanted.size(), datasets::glue_tasks().size());
  for (const auto& [name, keys] : wanted) {
    const TaskData data = glue_data(name, 4);
    Predictions predictions;
    predictions.labels = {0, 1, 1, 1};  // true: 0, 1, 0, 1
    predictions.values = {1, 2, 3, 2.5};
    const TaskScore scored = score(data, data.tests[0], predictions);
    EXPECT_EQ(keys_of(scored.values), keys) << name;
    if (scored.values.contains("accuracy")) {
      EXPECT_EQ(scored.values.at("accuracy"), 0.75);
    }
    if (scored.values.contains("f1")) {
      EXPECT_EQ(scored.values.at("f1"), 0.8);
    }
    if (scored.values.contains("matthews")) {
      EXPECT_NEAR(scored.values.at("matthews"), 1 / std::sqrt(3.0), 1e-12);
    }
    if (scored.values.contains("spearman")) {
      EXPECT_NEAR(scored.values.at("spearman"), 0.8, 1e-12);
    }
    EXPECT_EQ(measures_of(data).size(), keys.size());
  }
}

TEST(ScoreTest, SeveralTestSplitsHaveMeasuresOfTheirOwn) {
  TaskData data = glue_data("MNLI", 2);
  data.tests[0].name = "matched";
  data.tests.push_back({"mismatched", {}, 0});
  const std::vector<SuiteMeasure> measures = measures_of(data);
  ASSERT_EQ(measures.size(), 2U);
  EXPECT_EQ(measures[0].key, "matched_accuracy");
  EXPECT_EQ(measures[1].key, "mismatched_accuracy");
}

TEST(ScoreTest, WordsThatWereCutOffAreTakenForOutside) {
  TaskData data;
  data.goal = Goal::kTagging;
  data.labels = datasets::LabelSet({"O", "B-color", "I-color"});
  Split test{"test", {}, 0};
  test.examples.emplace_back().tags = {1, 2, 0, 1};
  Predictions predictions;
  predictions.tags = {{1, 2, 0}};  // the last word did not fit
  const TaskScore scored = score(data, test, predictions);
  EXPECT_EQ(scored.values.at("precision"), 1.0);
  EXPECT_EQ(scored.values.at("recall"), 0.5);
  EXPECT_EQ(scored.details.at("types").at("color").at("support"), 2);
}

TEST(ScoreTest, ProductsAreRankedWithinTheirQuery) {
  TaskData data;
  data.goal = Goal::kSimilarity;
  Split test{"test", {}, 0};
  const auto add = [&](int64_t group, double gain, double target) {
    Example& example = test.examples.emplace_back();
    example.group = group;
    example.gain = gain;
    example.target = target;
  };
  add(0, 1, 1), add(0, 0, 0);  // ranked rightly
  add(1, 0, 0), add(1, 1, 1);  // wrongly: 1 / log2(3)
  add(2, 0, 0), add(2, 0, 0);  // has no gain, and does not count
  Predictions predictions;
  predictions.values = {0.9, 0.1, 0.9, 0.1, 0.5, 0.4};
  const TaskScore scored = score(data, test, predictions);
  EXPECT_NEAR(scored.values.at("ndcg"), (1 + 1 / std::log2(3.0)) / 2, 1e-12);
  EXPECT_THAT(keys_of(scored.values), UnorderedElementsAre("ndcg", "pearson", "spearman"));
}

// Targets 1, 0.5 and 0 with cosines 0.2, 0.4 and 0.1: three pairs.
TEST(CosentLossTest, IsTheLogOfOnePlusTheSumOverOrderedPairs) {
  const torch::Tensor cosine = torch::tensor({0.2F, 0.4F, 0.1F}, torch::requires_grad());
  const torch::Tensor target = torch::tensor({1.0F, 0.5F, 0.0F});
  const torch::Tensor loss = cosent_loss(cosine, target, 20);
  const double sum = std::exp(20 * 0.2) + std::exp(20 * -0.1) + std::exp(20 * -0.3);
  EXPECT_NEAR(loss.item<double>(), std::log(1 + sum), 1e-5);
  loss.backward();
  EXPECT_LT(cosine.grad()[0].item<double>(), 0);  // is to grow
  EXPECT_GT(cosine.grad()[1].item<double>(), 0);
}

TEST(CosentLossTest, WithoutAnOrderedPairItIsZero) {
  const torch::Tensor cosine = torch::tensor({0.2F, 0.4F});
  EXPECT_EQ(cosent_loss(cosine, torch::tensor({1.0F, 1.0F}), 20).item<double>(), 0);
}

TEST(PoolTest, TakesTheFirstStateOrTheMean) {
  const torch::Tensor states = torch::tensor({{1.0F, 2.0F}, {3.0F, 4.0F}, {5.0F, 6.0F}});
  const torch::Tensor offsets = torch::tensor({0, 2, 3}, torch::kInt32);
  EXPECT_TRUE(torch::equal(TaskModel::pool(states, offsets, Pooling::kCls),
                           torch::tensor({{1.0F, 2.0F}, {5.0F, 6.0F}})));
  EXPECT_TRUE(torch::equal(TaskModel::pool(states, offsets, Pooling::kMean),
                           torch::tensor({{2.0F, 3.0F}, {5.0F, 6.0F}})));
}

}  // namespace
}  // namespace rexbert::tasks
