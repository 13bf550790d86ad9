#include "rexbert/core/fault_env.h"
#include "shard/shard_test_util.h"

// The disk fails, or the power, at every operation of a job: no reader ever sees half a shard, and
// the job started again ends with the bytes of an undisturbed one.
namespace rexbert::shard {
namespace {

WriterOptions options_of(const char* compression) {
  WriterOptions options = golden_options(compression);
  options.size_limit = 1500;
  options.hashes = {"xxh64"};
  return options;
}

std::vector<std::vector<Value>> samples_of_job() {
  std::vector<std::vector<Value>> samples;
  for (uint32_t i = 1; i <= 12; ++i) {
    samples.push_back(
        {str_cat("doc-", i), tokens_of(std::vector<uint32_t>(50 * (i % 4) + 400, i))});
  }
  return samples;
}

// What a restartable job does: take the shards that are published, write the samples that follow.
void run_job(Env& env, const fs::path& directory, const char* compression) {
  if (env.exists(directory / kIndexFile)) return;
  const WriterOptions options = options_of(compression);
  MdsWriter writer(env, directory, options, published_shards(env, directory, options));
  uint64_t done = 0;
  for (const ShardInfo& info : writer.shards()) done += info.samples;
  const auto samples = samples_of_job();
  for (size_t i = done; i < samples.size(); ++i) writer.write(samples[i]);
  writer.publish_pending();
  StreamInfo info;
  info.tokenizer_fingerprint = "f";
  info.vocabulary_size = 100;
  for (const ShardInfo& shard : writer.shards()) info.shards.push_back({shard.samples, 0});
  info.save(env, directory);
  writer.finish();
}

// Every file under its final name must be whole: as in the undisturbed directory.
void expect_no_halves(const fs::path& directory,
                      const std::map<std::string, std::string>& expected) {
  if (!fs::exists(directory)) return;
  for (const auto& [name, contents] : contents_of(directory)) {
    if (name.ends_with(".tmp")) continue;
    ASSERT_TRUE(expected.contains(name)) << name;
    ASSERT_EQ(contents, expected.at(name)) << name;
  }
}

class FaultTest : public testing::TestWithParam<const char*> {};

TEST_P(FaultTest, AnyOperationMayFail) {
  const char* const compression = GetParam();
  const TemporaryDirectory root;
  FaultInjectionEnv count(Env::posix());
  run_job(count, root / "whole", compression);
  const auto expected = contents_of(root / "whole");
  ASSERT_GT(expected.size(), 5u);
  const int64_t operations = count.operations();
  ASSERT_GT(operations, 20);
  for (const bool power_failure : {false, true}) {
    for (int64_t at = 1; at <= operations; ++at) {
      SCOPED_TRACE(at);
      const fs::path directory = root / str_cat("job-", power_failure, "-", at);
      FaultInjectionEnv env(Env::posix());
      env.fail_after(at);
      EXPECT_THAT(error_of([&] { run_job(env, directory, compression); }, ErrorCode::kIo),
                  testing::HasSubstr("injected failure"));
      env.fail_after(0);
      if (power_failure) env.drop_unsynced();
      expect_no_halves(directory, expected);
      run_job(env, directory, compression);
      ASSERT_EQ(contents_of(directory), expected);
      fs::remove_all(directory);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Compressions, FaultTest, testing::Values("", "zstd"),
                         [](const auto& test) {
                           return std::string(*test.param == '\0' ? "none" : test.param);
                         });

}  // namespace
}  // namespace rexbert::shard
