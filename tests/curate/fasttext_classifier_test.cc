#include "rexbert/curate/fasttext_classifier.h"

#include <fasttext/fasttext.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/line_features.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::HasSubstr;

std::string features(std::string_view line) {
  std::string words;
  append_line_features(line, words);
  return words;
}

TEST(LineFeatures, KeepWordsAndTheKindOfNumbers) {
  EXPECT_EQ(features("Brand: Acme, 12.5 oz (Pack of 6), $19.99"),
            "brand : acme , <decimal> oz ( pack of <1> ) , <price> <label> <8w> <open>");
  EXPECT_EQ(features("It was built in 1887."), "it was built in <year> <8w> <closed>");
  EXPECT_EQ(features("Save 20% on the XR-500 500ml"),
            "save <share> on the <model> <3> ml <8w> <open>");
  EXPECT_EQ(features("New Blue Shoes"), "new blue shoes <title> <4w> <open>");
  EXPECT_EQ(features("12,50 \xE2\x82\xAC, or \xC2\xA3 7"),
            "<price> <currency> , or <price> <4w> <open>");
  EXPECT_EQ(features("don't Caf\xC3\xA9"), "don't caf\xC3\xA9 <2w> <open>");
}

TEST(LineFeatures, OfNoWordsAreEmpty) {
  EXPECT_EQ(features(""), "");
  EXPECT_EQ(features(" - * "), "*");
}

// Documents of ten lines in a made-up language: words of one kind, of the other, and of both.
std::vector<LabelTask> made_tasks(uint64_t seed, size_t count) {
  KeyedRng rng(seed, Purpose::kTest);
  std::vector<LabelTask> tasks(count);
  for (LabelTask& task : tasks) {
    for (uint32_t i = 0; i < 10; ++i) {
      const bool ecommerce = rng.next_below(3) == 0;
      for (int word = 0; word < 8; ++word) {
        const bool common = rng.next_below(2) == 0;
        const char kind = common ? 'c' : ecommerce ? 'e' : 'o';
        const std::string rest(1 + rng.next_below(25), 'm');
        task.document.text += str_cat(word > 0 ? " " : "", std::string(1, kind), rest);
      }
      task.document.text += "\n";
      task.lines.push_back(i);
      task.labels.push_back(ecommerce ? Label::kEcommerce : Label::kOther);
    }
  }
  return tasks;
}

std::vector<const LabelTask*> pointers(const std::vector<LabelTask>& tasks) {
  std::vector<const LabelTask*> result;
  for (const LabelTask& task : tasks) result.push_back(&task);
  return result;
}

std::vector<double> scores(const LineClassifier& classifier, std::string_view text) {
  const DocumentLines lines = split_lines(text);
  return classifier.log_odds({&lines, 1}).front();
}

class FastTextTest : public ::testing::Test {
 protected:
  static FastTextOptions small() {
    FastTextOptions options;
    options.buckets = 1000;  // quantization's time grows with them
    return options;
  }
  std::unique_ptr<LineClassifier> train(const FastTextOptions& options = small()) {
    return FastTextLearner(env_, options).train(pointers(tasks_), directory_ / "scratch");
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  std::vector<LabelTask> tasks_ = made_tasks(1, 200);
};

TEST_F(FastTextTest, LearnsWhatTellsLinesApart) {
  for (const bool quantize : {false, true}) {
    FastTextOptions options = small();
    options.quantize = quantize;
    const auto classifier = train(options);
    size_t right = 0;
    for (const LabelTask& task : made_tasks(2, 100)) {
      const auto odds = scores(*classifier, task.document.text);
      for (size_t i = 0; i < odds.size(); ++i) {
        right += (odds[i] > 0) == (task.labels[i] == Label::kEcommerce);
      }
    }
    EXPECT_GT(right, 970u) << "quantized: " << quantize;
  }
  EXPECT_FALSE(env_.exists(directory_ / "scratch"));
}

TEST_F(FastTextTest, TheSameLinesGiveTheSameBytesAndScores) {
  train()->save(env_, directory_ / "a");
  train()->save(env_, directory_ / "b");
  EXPECT_EQ(env_.read_file(directory_ / "a.ftz"), env_.read_file(directory_ / "b.ftz"));
  const auto loaded = FastTextLearner(env_, {}).load(directory_ / "a");
  const auto trained = train();
  for (const LabelTask& task : made_tasks(3, 5)) {
    EXPECT_EQ(scores(*loaded, task.document.text), scores(*trained, task.document.text));
  }
}

TEST_F(FastTextTest, LogOddsAreThoseThatFastTextPredicts) {
  for (const bool quantize : {false, true}) {
    FastTextOptions options = small();
    options.quantize = quantize;
    const auto classifier = train(options);
    classifier->save(env_, directory_ / "model");
    fasttext::FastText model;
    model.loadModel((directory_ / "model.ftz").string());
    for (const LabelTask& task : made_tasks(4, 20)) {
      const auto odds = scores(*classifier, task.document.text);
      const DocumentLines lines = split_lines(task.document.text);
      for (size_t i = 0; i < lines.size(); ++i) {
        std::istringstream in(features(lines[i]));
        std::vector<std::pair<fasttext::real, std::string>> predictions;
        model.predictLine(in, predictions, 1, 0);
        const bool ecommerce = predictions.at(0).second == "__label__ecommerce";
        // Its probabilities are 1e-5 too large, and ours are held 1e-5 off 0 and 1.
        const double probability = 1 / (1 + std::exp(-odds[i]));
        EXPECT_NEAR(ecommerce ? probability : 1 - probability, predictions[0].first, 3e-5);
      }
    }
  }
}

TEST_F(FastTextTest, FailedLabelsTeachNothing) {
  const auto without = train();
  for (LabelTask& task : tasks_) {
    task.document.text += "cmm omm emm";
    task.lines.push_back(10);
    task.labels.push_back(Label::kFailed);
  }
  EXPECT_EQ(scores(*train(), tasks_[0].document.text), scores(*without, tasks_[0].document.text));
}

TEST_F(FastTextTest, ALineWithoutWordsSaysNothing) { EXPECT_EQ(scores(*train(), "\n")[0], 0); }

TEST_F(FastTextTest, LinesOfOneKindAreRefused) {
  tasks_.resize(10);
  for (LabelTask& task : tasks_) task.labels.assign(10, Label::kEcommerce);
  EXPECT_THAT(test::error_of([&] { train(); }),
              HasSubstr("expected lines of both kinds, got 100 that are e-commerce and 0"));
}

TEST_F(FastTextTest, ATooLargeModelIsRefused) {
  FastTextOptions options = small();
  options.most_bytes = 1000;
  EXPECT_THAT(test::error_of([&] { train(options); }), HasSubstr("at most 1000 bytes, got "));
}

TEST_F(FastTextTest, BrokenModelsAreRefusedByName) {
  train()->save(env_, directory_ / "whole");
  const FastTextLearner learner(env_, {});
  const std::string whole = env_.read_file(directory_ / "whole.ftz");
  for (const size_t size : {size_t{0}, size_t{6}, whole.size() / 2, whole.size() - 1}) {
    publish_file(env_, directory_ / "cut.ftz", whole.substr(0, size));
    EXPECT_THAT(test::error_of([&] { learner.load(directory_ / "cut"); }),
                HasSubstr("cut.ftz: expected a fastText model"))
        << size;
  }
  std::string other = whole;
  other.replace(other.find("__label__other"), 14, "__label__owner");
  publish_file(env_, directory_ / "other.ftz", other);
  EXPECT_THAT(test::error_of([&] { learner.load(directory_ / "other"); }),
              HasSubstr("expected a model with the labels __label__ecommerce and __label__other"));
}

}  // namespace
}  // namespace rexbert::curate
