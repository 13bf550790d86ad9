#include "rexbert/curate/document_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/strings.h"
#include "rexbert/curate/fasttext_classifier.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::Pair;

// Lines of "buy ..." are e-commerce, those of "once ..." are not.
LabelTask task(int number) {
  LabelTask made;
  made.document.id = std::to_string(number);
  for (uint32_t i = 0; i < 8; ++i) {
    const bool ecommerce = (number + static_cast<int>(i) / 4) % 2 == 0;
    made.document.text +=
        str_cat(ecommerce ? "buy this now" : "once upon a time", " ", number, "\n");
    made.lines.push_back(i);
    made.labels.push_back(ecommerce ? Label::kEcommerce : Label::kOther);
  }
  return made;
}

class DocumentFilterTest : public ::testing::Test {
 protected:
  DocumentFilter make(const LineFilterOptions& options) {
    const FastTextLearner learner(Env::posix(), {.buckets = 1000, .quantize = false});
    std::vector<LabelTask> tasks;
    for (int i = 0; i < 300; ++i) tasks.push_back(task(i));
    std::map<std::string, DomainModel> models;
    models.emplace("toys", DomainModel::train(learner, "toys", tasks, {}, {}, directory_ / "s"));
    return {std::move(models), options};
  }
  test::TemporaryDirectory directory_;
};

TEST_F(DocumentFilterTest, KeepsTheLinesAndSaysWhich) {
  const DocumentFilter filter = make({.min_share = 0, .min_bytes = 0});
  Document document{.id = "a",
                    .text =
                        "once upon a time\nbuy this now\n\nbuy this now\nonce upon a time\n"
                        "once upon a time\nonce upon a time\n",
                    .domain = "toys"};
  EXPECT_EQ(filter.apply(document), nullptr);
  EXPECT_EQ(document.text, "buy this now\n\nbuy this now");
  EXPECT_THAT(document.spans, ElementsAre(Pair(1, 4)));
  EXPECT_EQ(document.line_scores.size(), 3u);
  EXPECT_THAT(document.line_scores, Each(Gt(0.5F)));
}

TEST_F(DocumentFilterTest, SaysWhyADocumentIsDroppedAndLeavesIt) {
  const DocumentFilter filter = make({.min_share = 0.5, .min_bytes = 0});
  const std::string poor =
      "once upon a time\nonce upon a time\nonce upon a time\nonce upon a time\n"
      "once upon a time\nbuy this now\nbuy this now\n";
  Document document{.text = poor, .domain = "toys"};
  EXPECT_STREQ(filter.apply(document), "share");
  EXPECT_EQ(document.text, poor);
  Document story{.text = "once upon a time\nonce upon a time", .domain = "toys"};
  EXPECT_STREQ(filter.apply(story), "no line");
  Document other{.text = "buy this now\nbuy this now"};
  EXPECT_STREQ(filter.apply(other), "domain");
}

TEST_F(DocumentFilterTest, DocumentsOfManyDomainsAreJudgedTogether) {
  const DocumentFilter filter = make({.min_share = 0, .min_bytes = 0});
  std::vector<Document> documents = {{.text = "buy this now\nbuy this now"},
                                     {.text = "buy this now\nbuy this now", .domain = "toys"},
                                     {.text = "once upon a time\nonce upon", .domain = "toys"}};
  const auto reasons = filter.apply(documents);
  ASSERT_EQ(reasons.size(), 3u);
  EXPECT_STREQ(reasons[0], "domain");
  EXPECT_EQ(reasons[1], nullptr);
  EXPECT_STREQ(reasons[2], "no line");
}

}  // namespace
}  // namespace rexbert::curate
