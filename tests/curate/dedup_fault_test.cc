#include "curate/dedup_fixture.h"
#include "rexbert/core/error.h"
#include "rexbert/core/fault_env.h"
#include "rexbert/curate/dedup.h"

// The disk fails, or the power, at every operation; started again, the job ends with the bytes of
// an undisturbed one.
namespace rexbert::curate {
namespace {

class DedupFault : public DedupFixture {
 protected:
  void SetUp() override {
    TextMaker maker(7);
    for (const std::string name : {"a.jsonl", "b.jsonl", "c.jsonl"}) {
      std::vector<std::string> texts;
      for (size_t i = 0; i < 12; ++i) {
        originals_.push_back(maker.words(40));
        texts.push_back(str_join(originals_.back(), " "));
        texts.push_back(
            str_join(maker.edited(originals_[maker.below(originals_.size())], 0.01), " "));
      }
      write(name, texts);
    }
    options_.partitions = 2;
    options_.checkpoint_bytes = 1;
  }

  static std::map<std::string, std::string> outputs(const DedupJob& job) {
    std::map<std::string, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(job.report.parent_path())) {
      contents[entry.path().filename()] = Env::posix().read_file(entry.path());
    }
    return contents;
  }

  void expect_restarts(bool lose_unsynced) {
    const std::vector<std::string> names = {"a.jsonl", "b.jsonl", "c.jsonl"};
    const DedupJob whole = job(names, "whole");
    const DedupSummary summary = deduplicate(Env::posix(), whole, options_);
    ASSERT_GT(summary.near + summary.exact, 20u);
    const auto expected_with_paths = outputs(whole);
    fs::remove_all(whole.report.parent_path());
    fs::remove_all(whole.work_directory);
    int64_t at = 1;
    for (bool finished = false; !finished; ++at) {
      SCOPED_TRACE(at);
      FaultInjectionEnv env(Env::posix());
      env.fail_after(at);
      try {
        deduplicate(env, whole, options_);
        finished = true;
      } catch (const Error& error) {
        ASSERT_THAT(error.what(), testing::HasSubstr("injected failure"));
      }
      env.fail_after(0);
      if (lose_unsynced) env.drop_unsynced();
      const DedupSummary again = deduplicate(Env::posix(), whole, options_);
      ASSERT_EQ(again.kept, summary.kept);
      ASSERT_EQ(again.documents, summary.documents);
      ASSERT_EQ(again.near, summary.near);
      ASSERT_EQ(outputs(whole), expected_with_paths);
      fs::remove_all(whole.report.parent_path());
      fs::remove_all(whole.work_directory);
    }
    EXPECT_GT(at, 100);
  }

  std::vector<WordList> originals_;
  DedupOptions options_;
};

TEST_F(DedupFault, RestartAfterAnyFailureGivesTheSameBytes) { expect_restarts(false); }

TEST_F(DedupFault, RestartAfterAnyPowerLossGivesTheSameBytes) { expect_restarts(true); }

TEST_F(DedupFault, ManyFailuresInARowGiveTheSameBytes) {
  const DedupJob job = this->job({"a.jsonl", "b.jsonl", "c.jsonl"});
  deduplicate(Env::posix(), job, options_);
  const auto expected = outputs(job);
  fs::remove_all(job.report.parent_path());
  fs::remove_all(job.work_directory);
  // Each try gets a few operations further than a checkpoint needs.
  int tries = 0;
  for (bool finished = false; !finished && tries < 100; ++tries) {
    FaultInjectionEnv env(Env::posix());
    env.fail_after(40);
    try {
      deduplicate(env, job, options_);
      finished = true;
    } catch (const Error&) {
      env.drop_unsynced();
    }
  }
  EXPECT_GT(tries, 3);
  EXPECT_LT(tries, 100);
  EXPECT_EQ(outputs(job), expected);
}

TEST_F(DedupFault, ASpillFileThatLostBytesIsNamed) {
  const DedupJob job = this->job({"a.jsonl", "b.jsonl"});
  const fs::path journal = job.work_directory / "journal.json";
  const auto first_file_is_read = [&] {
    return fs::exists(journal) &&
           Env::posix().read_file(journal).find("\"records.bin\": 1536") != std::string::npos;
  };
  FaultInjectionEnv env(Env::posix());
  for (int64_t at = 1; !first_file_is_read(); ++at) {
    env.fail_after(at);
    ASSERT_THROW(deduplicate(env, job, options_), Error);
  }
  fs::resize_file(job.work_directory / "records.bin", 100);
  try {
    deduplicate(Env::posix(), job, options_);
    FAIL() << "expected an error";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("records.bin: expected at least 1536 bytes"));
  }
}

}  // namespace
}  // namespace rexbert::curate
