// Curation by scripts/spark/curate.py on Spark in local mode.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "curate/cluster_crawl.h"
#include "rexbert/core/strings.h"
#include "support/command.h"

namespace rexbert::curate {
namespace {

class SparkTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!Env::posix().exists(kSubmit))
      GTEST_SKIP() << kSubmit << " is not there: scripts/setup.sh --spark";
    if (test::run_command({"java", "-version"}).exit_code != 0) {
      GTEST_SKIP() << "no Java: scripts/setup.sh --spark";
    }
  }

  // Two tasks at once; blocks of 32 KiB, so that files are cut.
  test::CommandResult submit(const std::string& output, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {
        "env", str_cat("PATH=" REXBERT_DEPS_DIR "/spark/bin:", std::getenv("PATH")),
        "SPARK_LOCAL_IP=127.0.0.1", kSubmit, "--master", "local[2]",
        // For a run this short, a compiler that is quick.
        "--driver-java-options", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC", "--conf",
        "spark.ui.enabled=false", "--conf", "spark.sql.files.maxPartitionBytes=32768",
        REXBERT_SOURCE_DIR "/scripts/spark/curate.py", "--config", crawl_.config(output).string(),
        "--rexbert", REXBERT_BINARY_DIR "/bin/rexbert", "--partitions", "3"};
    words.insert(words.end(), more.begin(), more.end());
    return test::run_command(words, crawl_ / "crawl");
  }

  static constexpr const char* kSubmit = REXBERT_DEPS_DIR "/spark/bin/spark-submit";
  test::ClusterCrawl crawl_;
};

TEST_F(SparkTest, GivesTheSame) {
  const auto expected = test::outputs(crawl_.plain());
  const test::CommandResult run = submit("spark");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  test::expect_same_outputs(test::outputs(crawl_ / "spark"), expected);
  // What is missing is made again, of what is there.
  for (const char* lost : {"dedup", "filter/00001-crawl-0.jsonl.json", "report"}) {
    fs::remove_all(crawl_ / "spark" / lost);
  }
  const test::CommandResult again = submit("spark");
  ASSERT_EQ(again.exit_code, 0) << again.err;
  test::expect_same_outputs(test::outputs(crawl_ / "spark"), expected);
}

}  // namespace
}  // namespace rexbert::curate
