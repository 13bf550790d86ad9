#include "rexbert/batch/loader_bench.h"

#include <gtest/gtest.h>

#include "batch/made_stream.h"
#include "rexbert/core/error.h"
#include "support/fake_clock.h"

namespace rexbert::batch {
namespace {

TEST(LoaderBench, CountsWhatItRead) {
  const ScratchFolder scratch("bench");
  write_stream(scratch.path() / "a", {.lengths = skewed_lengths(300, 3, 2000, 1)});
  write_stream(scratch.path() / "b", {.lengths = skewed_lengths(300, 3, 100, 2)});
  int64_t masked = 0;
  LoaderBenchOptions options;
  options.streams = {{.path = (scratch.path() / "a").string()},
                     {.path = (scratch.path() / "b").string()}};
  options.tokens = 100'000;
  options.repeats = 3;
  options.data.lanes = 4;
  options.mask = [&](const plan::MaskingSpec&, PackedBatch& batch) { masked += batch.tokens(); };
  const LoaderBenchResult result = bench_loader(Env::posix(), options);
  EXPECT_EQ(result.rows, 100);  // 25 steps of 4 rows are the first to reach 100,000 tokens
  EXPECT_EQ(masked, 3 * result.tokens);
  EXPECT_EQ(result.seconds.size(), 3u);
  EXPECT_GT(result.tokens_per_second, 0);
  EXPECT_GE(result.unfilled, 0);
  EXPECT_LT(result.unfilled, 0.01);
  EXPECT_THROW(bench_loader(Env::posix(), {}), Error);
}

TEST(LoaderBench, TakesTokensAtTheRateAskedFor) {
  const ScratchFolder scratch("bench_rate");
  write_stream(scratch.path() / "a", {.lengths = skewed_lengths(300, 3, 2000, 1)});
  LoaderBenchOptions options;
  options.streams = {{.path = (scratch.path() / "a").string()}};
  options.tokens = 100'000;
  options.repeats = 1;
  options.data.lanes = 4;
  options.rate = 4096;  // a step a second
  test::FakeClock clock;
  const LoaderBenchResult result = bench_loader(Env::posix(), options, clock);
  EXPECT_EQ(clock.sleeps().size(), 25u);
  EXPECT_EQ(result.seconds.front(), 25);
  EXPECT_EQ(result.data_wait, 0) << "no time passes for this clock while the loader works";
}

}  // namespace
}  // namespace rexbert::batch
