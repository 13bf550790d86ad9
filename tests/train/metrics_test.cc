#include "rexbert/train/metrics.h"

#include <gtest/gtest.h>

#include "support/temporary_directory.h"

namespace rexbert::train {
namespace {

TEST(MetricsLogTest, AResumeDropsWhatAKilledProcessWroteBeyondIt) {
  test::TemporaryDirectory directory;
  Env& env = Env::posix();
  const fs::path path = directory.path() / "metrics.jsonl";
  {
    MetricsLog log(env, directory.path(), 0, false);
    for (const int step : {2, 4, 6, 8}) log.write("train", step, {{"loss", 0.5 * step}});
  }
  // The last line was cut off by the kill.
  publish_file(env, path, env.read_file(path) + "{\"kind\":\"train\",\"st");
  {
    MetricsLog log(env, directory.path(), 5, false);
    log.write("train", 6, {{"loss", 7.0}});
    EXPECT_TRUE(log.has("train", 4));
    EXPECT_TRUE(log.has("train", 6));
    EXPECT_FALSE(log.has("train", 8));
    EXPECT_FALSE(log.has("eval", 6));
    EXPECT_FALSE(MetricsLog().has("train", 6));
  }
  EXPECT_EQ(env.read_file(path),
            "{\"kind\":\"train\",\"loss\":1.0,\"step\":2}\n"
            "{\"kind\":\"train\",\"loss\":2.0,\"step\":4}\n"
            "{\"kind\":\"train\",\"loss\":7.0,\"step\":6}\n");
  MetricsLog(env, directory.path(), 0, false);
  EXPECT_EQ(env.read_file(path), "") << "a run that starts afresh starts its file afresh";
}

}  // namespace
}  // namespace rexbert::train
