#include "rexbert/curate/domain_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/fasttext_classifier.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Curve, HasAPointForEachDistinctScore) {
  const auto curve = precision_recall_curve({0.9, 0.2, 0.7, 0.7}, {true, false, true, false});
  ASSERT_EQ(curve.size(), 3u);
  EXPECT_EQ(curve[0].threshold, 0.9);
  EXPECT_EQ(curve[0].precision, 1);
  EXPECT_EQ(curve[0].recall, 0.5);
  EXPECT_EQ(curve[1].threshold, 0.7);
  EXPECT_DOUBLE_EQ(curve[1].precision, 2.0 / 3);
  EXPECT_EQ(curve[1].recall, 1);
  EXPECT_EQ(curve[2].precision, 0.5);
}

TEST(Curve, TheHighestF1AtThePrecisionIsChosen) {
  const auto curve = precision_recall_curve({0.9, 0.8, 0.7, 0.6}, {true, false, true, false});
  EXPECT_EQ(choose_point(curve, 0.6).threshold, (0.7 + 0.6) / 2);
  EXPECT_EQ(choose_point(curve, 0.9).threshold, (0.9 + 0.8) / 2);
  const auto poor = precision_recall_curve({0.9, 0.8}, {false, true});
  EXPECT_THAT(
      test::error_of([&] { choose_point(poor, 0.6); }),
      AllOf(HasSubstr("at least 0.600"), HasSubstr("the best has 0.500 at a recall of 1.000")));
}

// Documents of 5 to 15 lines that change their kind with probability 0.2 from line to line; a fifth
// of the words of a line are of the other kind's.
std::vector<LabelTask> made_tasks(uint64_t seed, size_t count) {
  KeyedRng rng(seed, Purpose::kTest);
  std::vector<LabelTask> tasks(count);
  for (size_t d = 0; d < count; ++d) {
    LabelTask& task = tasks[d];
    task.document.id = str_cat("document-", d);
    bool ecommerce = rng.next_below(2) == 0;
    const uint64_t lines = 5 + rng.next_below(11);
    for (uint32_t i = 0; i < lines; ++i) {
      ecommerce ^= rng.next_below(5) == 0;
      for (int w = 0; w < 6; ++w) {
        const bool other = rng.next_below(5) == 0;
        const char letter = ecommerce != other ? 'e' : 'o';
        task.document.text +=
            str_cat(w > 0 ? " " : "", std::string(2 + rng.next_below(20), letter));
      }
      task.document.text += "\n";
      task.lines.push_back(i);
      task.labels.push_back(ecommerce ? Label::kEcommerce : Label::kOther);
    }
  }
  return tasks;
}

class DomainModelTest : public ::testing::Test {
 protected:
  static DomainModelOptions options() {
    DomainModelOptions options;
    options.precision = 0.95;
    return options;
  }
  static std::vector<double> probabilities(const DomainModel& model, const LabelTask& task) {
    const DocumentLines lines = split_lines(task.document.text);
    return model.probabilities({&lines, 1}).front();
  }
  DomainModel train(const std::vector<LabelTask>& tasks,
                    const DomainModelOptions& with = options()) {
    return DomainModel::train(learner_, "toys", tasks, {}, with, directory_ / "scratch");
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  FastTextLearner learner_{env_, {.buckets = 1000}};
};

TEST_F(DomainModelTest, KeepsLinesAtThePrecisionThatWasAskedFor) {
  const DomainModel model = train(made_tasks(1, 600));
  EXPECT_GE(model.report()["precision"], 0.95);
  EXPECT_LT(model.report()["precision"], 0.99) << "and no more recall is given away than needed";
  uint64_t kept = 0;
  uint64_t right = 0;
  uint64_t all = 0;
  for (const LabelTask& task : made_tasks(2, 600)) {
    const auto probability = probabilities(model, task);
    for (size_t i = 0; i < probability.size(); ++i) {
      const bool is_true = task.labels[i] == Label::kEcommerce;
      const bool is_kept = probability[i] >= model.threshold();
      all += is_true;
      kept += is_kept;
      right += is_true && is_kept;
    }
  }
  EXPECT_GT(static_cast<double>(right) / static_cast<double>(kept), 0.93);
  EXPECT_GT(static_cast<double>(right) / static_cast<double>(all), 0.93);
}

TEST_F(DomainModelTest, SurvivesItsFiles) {
  const DomainModel model = train(made_tasks(1, 300));
  model.save(env_, directory_ / "toys");
  const DomainModel loaded = DomainModel::load(env_, learner_, directory_ / "toys");
  EXPECT_EQ(loaded.threshold(), model.threshold());
  EXPECT_EQ(loaded.report(), model.report());
  const LabelTask task = made_tasks(3, 1).front();
  EXPECT_EQ(probabilities(loaded, task), probabilities(model, task));
}

TEST_F(DomainModelTest, TheSameDocumentsGiveTheSameModel) {
  auto tasks = made_tasks(1, 300);
  const Json report = train(tasks).report();
  EXPECT_EQ(report, train(tasks).report());
  EXPECT_GT(report["held_out_documents"], 30);
  EXPECT_LT(report["held_out_documents"], 90);
}

TEST_F(DomainModelTest, MissingLabelsAreCounted) {
  auto tasks = made_tasks(1, 40);
  for (LabelTask& task : tasks) {
    for (Label& label : task.labels) {
      if (label == Label::kEcommerce) label = Label::kFailed;
    }
  }
  EXPECT_THAT(test::error_of([&] { train(tasks); }),
              AllOf(HasSubstr("domain toys: expected at least 200 labelled lines of each kind"),
                    HasSubstr("got 0 of e-commerce (200 missing)")));
}

TEST_F(DomainModelTest, AnUnreachablePrecisionNamesTheDomain) {
  auto tasks = made_tasks(1, 300);
  KeyedRng rng(5, Purpose::kTest);
  for (LabelTask& task : tasks) {
    for (Label& label : task.labels) {
      label = rng.next_below(2) == 0 ? Label::kEcommerce : Label::kOther;
    }
  }
  DomainModelOptions strict = options();
  strict.precision = 1;
  EXPECT_THAT(test::error_of([&] { train(tasks, strict); }), HasSubstr("domain toys: expected a"));
}

}  // namespace
}  // namespace rexbert::curate
