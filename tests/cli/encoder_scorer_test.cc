// `rexbert curate` with an encoder in fastText's place.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "curate/made_crawl.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document.h"
#include "support/command.h"
#include "support/read_text.h"
#include "support/temporary_directory.h"
#include "support/tiny_encoder.h"

namespace rexbert {
namespace {

using ::testing::HasSubstr;

class EncoderScorerTest : public ::testing::Test {
 protected:
  EncoderScorerTest() {
    crawl_ = test::MadeCrawl::write(env_, directory_ / "crawl", 3, 100);
    test::write_tiny_encoder(directory_ / "crawl" / "crawl-0.jsonl", directory_ / "encoder");
    const std::string config = str_cat(
        "run: {directory: ", (directory_ / "run").string(), "}\ninput: {paths: [",
        (directory_ / "crawl").string(),
        "]}\nexplore: {proposal: {minimum_kept_words: 1000}}\nsample: {per_domain: 100}\n"
        "classifier: {kind: encoder, precision: 0.7, min_labels: 100, encoder: {checkpoint: ",
        (directory_ / "encoder").string(),
        ", epochs: 10, learning_rate: 3e-3}}\ndedup: {enabled: false}\n");
    publish_file(env_, directory_ / "curate.yaml", config);
  }

  test::CommandResult curate(const std::string& stage, const std::string& more = "") {
    return test::run_command({"sh", "-c",
                              str_cat(REXBERT_BINARY_DIR "/bin/rexbert curate ", stage,
                                      " --config ", (directory_ / "curate.yaml").string(), more)});
  }

  std::vector<curate::Document> kept(const std::string& name) {
    std::vector<curate::Document> documents;
    const std::string text = test::read_text(directory_ / "run" / "filter" / name);
    for (const auto line : curate::split_lines(text)) {
      documents.push_back(curate::parse_document(line, name));
    }
    return documents;
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  test::MadeCrawl crawl_;
};

TEST_F(EncoderScorerTest, KeepsTheLinesThatAreEcommerce) {
  const test::CommandResult result = curate("run");
  ASSERT_EQ(result.exit_code, 0) << result.err;
  uint64_t wrong = 0, right = 0, missed = 0;
  for (const std::string& name : env_.list_directory(directory_ / "run" / "filter")) {
    if (!name.ends_with(".jsonl.zst")) continue;
    for (const curate::Document& document : kept(name)) {
      std::vector<bool> truth = crawl_.truth.at(document.id);
      for (const auto& [begin, end] : document.spans) {
        for (uint32_t i = begin; i < end; ++i) {
          ++(truth[i] ? right : wrong);
          truth[i] = false;
        }
      }
      missed += static_cast<uint64_t>(std::count(truth.begin(), truth.end(), true));
    }
  }
  const double f1 =
      2 * static_cast<double>(right) / static_cast<double>(2 * right + wrong + missed);
  EXPECT_GT(f1, 0.8) << right << " " << wrong << " " << missed;

  const test::CommandResult stream =
      curate("filter --stdin --stdout", " < " + (directory_ / "crawl/crawl-0.jsonl").string());
  ASSERT_EQ(stream.exit_code, 0) << stream.err;
  const auto lines = curate::split_lines(stream.out);
  const auto documents = kept("00000-crawl-0.jsonl.jsonl.zst");
  ASSERT_EQ(lines.size(), documents.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(curate::parse_document(lines[i], "-").text, documents[i].text);
  }

  // The heads belong to their encoder.
  test::write_tiny_encoder(directory_ / "crawl" / "crawl-0.jsonl", directory_ / "other", 2);
  const test::CommandResult other =
      curate("filter --stdin --stdout",
             str_cat(" --set classifier.encoder.checkpoint=", (directory_ / "other").string(),
                     " < ", (directory_ / "crawl/crawl-0.jsonl").string()));
  EXPECT_NE(other.exit_code, 0);
  EXPECT_THAT(other.err, HasSubstr("expected a head for the encoder in"));
}

}  // namespace
}  // namespace rexbert
