#include "rexbert/ckpt/store.h"

#include <gtest/gtest.h>

#include "rexbert/core/error.h"
#include "rexbert/core/fault_env.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::ckpt {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  test::TemporaryDirectory directory_;
  fs::path root_ = directory_.path() / "checkpoints";
  Platform platform_ = Platform::current("cpu");

  static void write_file(Env& env, const fs::path& path, const std::string& contents) {
    const auto file = env.new_writable_file(path);
    file->append(contents);
    file->sync();
    file->close();
  }

  void publish(Env& env, int64_t step) {
    CheckpointStore(env, root_).publish(step, platform_, [&](Env& checked, const fs::path& folder) {
      write_file(checked, folder / "a.bin", "weights of step " + std::to_string(step));
      publish_file(checked, folder / "b.json", "{}");
    });
  }
};

TEST_F(StoreTest, NewestValidPassesOverDamage) {
  Env& env = Env::posix();
  for (const int64_t step : {5, 10, 15, 20}) publish(env, step);
  CheckpointStore store(env, root_);
  EXPECT_EQ(env.read_file(root_ / "latest"), "step-000000020\n");
  EXPECT_EQ(store.newest_valid()->step, 20);

  write_file(env, store.folder(20) / "a.bin", "weights of step 21");  // same length, other bits
  EXPECT_EQ(store.newest_valid()->step, 15);
  env.remove_file(store.folder(15) / "b.json");
  EXPECT_EQ(find_damage(env, store.folder(15)), "b.json: missing");
  env.truncate_file(store.folder(10) / "a.bin", 3);
  EXPECT_EQ(find_damage(env, store.folder(10)), "a.bin: expected 18 bytes, got 3");
  EXPECT_EQ(store.newest_valid()->step, 5);
  env.remove_file(store.folder(5) / kManifestFile);
  EXPECT_FALSE(store.newest_valid());
}

TEST_F(StoreTest, PruneKeepsTheNewestAndTheChosen) {
  Env& env = Env::posix();
  for (int64_t step = 1; step <= 8; ++step) publish(env, step);
  env.create_directories(root_ / ".staging-step-000000009");
  CheckpointStore store(env, root_);
  store.prune({2, [](int64_t step) { return step % 3 == 0; }});
  EXPECT_EQ(store.steps(), (std::vector<int64_t>{3, 6, 7, 8}));
  EXPECT_FALSE(env.exists(root_ / ".staging-step-000000009"));
  store.prune({0, nullptr});
  EXPECT_EQ(store.steps(), (std::vector<int64_t>{8})) << "the newest is never removed";
}

TEST_F(StoreTest, PublishingAgainReplacesWhatIsThere) {
  Env& env = Env::posix();
  publish(env, 5);
  CheckpointStore store(env, root_);
  store.publish(5, platform_, [](Env& checked, const fs::path& folder) {
    write_file(checked, folder / "a.bin", "other weights");
  });
  EXPECT_EQ(env.read_file(store.folder(5) / "a.bin"), "other weights");
  EXPECT_FALSE(env.exists(store.folder(5) / "b.json"));
  EXPECT_FALSE(find_damage(env, store.folder(5)));
}

// The disk keeps other bits than it was given.
class ForgetfulEnv final : public EnvWrapper {
 public:
  using EnvWrapper::EnvWrapper;
  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override {
    if (path.filename() == "a.bin") {
      auto file = EnvWrapper::new_writable_file(path.parent_path() / "a.bin");
      file->append("other");
      return std::make_unique<Dropping>(std::move(file));
    }
    return EnvWrapper::new_writable_file(path);
  }

 private:
  struct Dropping final : WritableFile {
    explicit Dropping(std::unique_ptr<WritableFile> base) : base_(std::move(base)) {}
    void append(std::string_view) override {}
    void sync() override { base_->sync(); }
    void close() override { base_->close(); }
    std::unique_ptr<WritableFile> base_;
  };
};

TEST_F(StoreTest, WhatTheDiskChangedIsNotPublished) {
  Env& env = Env::posix();
  publish(env, 1);
  ForgetfulEnv forgetful(env);
  const std::string error = test::error_of([&] { publish(forgetful, 2); });
  EXPECT_NE(error.find("not what was written when read back: a.bin: expected 17 bytes, got 5"),
            std::string::npos)
      << error;
  EXPECT_EQ(CheckpointStore(env, root_).newest_valid()->step, 1);
  EXPECT_EQ(env.read_file(root_ / "latest"), "step-000000001\n");
}

TEST_F(StoreTest, LaterCheckpointsAreSetAsideUnderNamesOfTheirOwn) {
  Env& env = Env::posix();
  CheckpointStore store(env, root_);
  for (int round = 0; round < 2; ++round) {
    for (const int64_t step : {5, 10, 15}) publish(env, step);
    const std::vector<std::string> names = store.set_aside_from(10, store.folder(10));
    EXPECT_EQ(names, (std::vector<std::string>{round == 0 ? "aside-step-000000015"
                                                          : "aside-step-000000015-2"}));
  }
  EXPECT_EQ(store.newest_valid()->step, 10);
  store.prune({1, nullptr});
  EXPECT_TRUE(env.exists(root_ / "aside-step-000000015" / "a.bin"));
}

// Fails at every single operation of a publish and prune, with and without losing what was not
// synced; whatever the moment, a reader finds step 1 or step 2 whole, and going on succeeds.
TEST_F(StoreTest, SurvivesAFailureAtAnyOperation) {
  for (const bool power_failure : {false, true}) {
    for (int64_t at = 1;; ++at) {
      Env::posix().remove_all(root_);
      FaultInjectionEnv env(Env::posix());
      publish(env, 1);
      env.fail_after(at);
      bool failed = false;
      try {
        publish(env, 2);
        CheckpointStore(env, root_).prune({1, nullptr});
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::kIo);
        failed = true;
      }
      const int64_t operations = env.operations();
      env.fail_after(0);
      if (power_failure) env.drop_unsynced();
      const auto found = CheckpointStore(env, root_).newest_valid();
      ASSERT_TRUE(found) << "operation " << at << ", power failure " << power_failure;
      publish(env, 2);
      CheckpointStore(env, root_).prune({1, nullptr});
      EXPECT_EQ(CheckpointStore(env, root_).newest_valid()->step, 2);
      if (!failed) {
        EXPECT_GE(operations, 15) << "the test no longer reaches the operations it is about";
        break;
      }
    }
  }
}

TEST_F(StoreTest, ManifestOfAnotherVersionIsRefusedByName) {
  Env& env = Env::posix();
  publish(env, 5);
  const fs::path folder = CheckpointStore(env, root_).folder(5);
  std::string text = env.read_file(folder / kManifestFile);
  text.replace(text.find("\"version\": 1"), 12, "\"version\": 9");
  write_file(env, folder / kManifestFile, text);
  const std::string expected =
      "incompatible: " + (folder / kManifestFile).string() + ": version: expected 1, got 9";
  EXPECT_EQ(test::error_of([&] { find_damage(env, folder); }), expected);
  EXPECT_EQ(test::error_of([&] { CheckpointStore(env, root_).newest_valid(); }), expected)
      << "no damage: not to be passed over";
}

TEST(PlatformTest, NamesWhatDiffers) {
  Platform then = Platform::current("cpu");
  Platform now = then;
  EXPECT_TRUE(then.differences(now).empty());
  then.threads = 2;
  now.threads = 4;
  EXPECT_EQ(then.differences(now), (std::vector<std::string>{"threads: 2 then, 4 now"}));
}

TEST(PlatformTest, LayoutsOfGradientBucketsDifferWhereBothAreKnown) {
  Platform then = Platform::current("cpu", 4);
  Platform now = then;
  then.gradient_layout = "one";
  EXPECT_TRUE(then.differences(now).empty());
  now.gradient_layout = "other";
  EXPECT_EQ(then.differences(now),
            (std::vector<std::string>{"layout of gradient buckets: one then, other now"}));
  now.ranks = 2;
  EXPECT_EQ(then.differences(now).front(), "ranks: 4 then, 2 now");
}

TEST(PlatformTest, ManifestsWithoutRanksAreOfOne) {
  Json json = Platform::current("cpu", 4).to_json();
  EXPECT_EQ(Platform::from_json(json, "manifest").ranks, 4);
  json.erase("ranks");
  json.erase("gradient_layout");
  EXPECT_EQ(Platform::from_json(json, "manifest").ranks, 1);
}

}  // namespace
}  // namespace rexbert::ckpt
