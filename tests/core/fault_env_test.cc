#include "rexbert/core/fault_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert {
namespace {

using test::error_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FaultEnvTest : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (directory_.path() / name).string(); }
  std::vector<std::string> names(const std::string& folder = ".") {
    return Env::posix().list_directory(at(folder));
  }
  std::string read(const std::string& name) { return Env::posix().read_file(at(name)); }
  void write(const std::string& name, std::string_view contents, bool synced) {
    const auto file = env_.new_writable_file(at(name));
    file->append(contents);
    if (synced) file->sync();
    file->close();
  }

  test::TemporaryDirectory directory_;
  FaultInjectionEnv env_{Env::posix()};
};

TEST_F(FaultEnvTest, FailsAtTheChosenOperationAndAllAfterIt) {
  env_.fail_after(3);
  const auto file = env_.new_writable_file(at("a"));  // 1
  file->append("whole");                              // 2
  EXPECT_EQ(error_of([&] { file->sync(); }),          // 3
            "I/O error: " + at("a") + ": cannot sync: injected failure");
  EXPECT_EQ(error_of([&] { file->append("x"); }),
            "I/O error: " + at("a") + ": cannot write: injected failure");
  EXPECT_EQ(error_of([&] { file->close(); }),
            "I/O error: " + at("a") + ": cannot close: injected failure");
  EXPECT_EQ(error_of([&] { env_.rename(at("a"), at("b")); }),
            "I/O error: " + at("a") + ": cannot rename: injected failure");
  EXPECT_EQ(error_of([&] { env_.create_directories(at("d")); }),
            "I/O error: " + at("d") + ": cannot create the directory: injected failure");
  EXPECT_EQ(error_of([&] { env_.remove_file(at("a")); }),
            "I/O error: " + at("a") + ": cannot remove: injected failure");
  EXPECT_EQ(error_of([&] { env_.remove_all(at("a")); }),
            "I/O error: " + at("a") + ": cannot remove: injected failure");
  EXPECT_EQ(error_of([&] { env_.truncate_file(at("a"), 0); }),
            "I/O error: " + at("a") + ": cannot truncate: injected failure");
  EXPECT_EQ(error_of([&] { env_.sync_directory(at(".")); }),
            "I/O error: " + at(".") + ": cannot sync the directory: injected failure");
  EXPECT_EQ(env_.operations(), 11);
  EXPECT_THAT(names(), ElementsAre("a"));
  env_.fail_after(0);
  EXPECT_EQ(env_.operations(), 0);
  write("b", "works again", true);
}

TEST_F(FaultEnvTest, AFailingAppendIsTorn) {
  env_.fail_after(3);
  const auto file = env_.new_writable_file(at("a"));
  file->append("1234");
  EXPECT_THROW(file->append("5678"), Error);
  EXPECT_EQ(read("a"), "123456");
}

TEST_F(FaultEnvTest, UnsyncedBytesAreDropped) {
  const auto file = env_.new_writable_file(at("a"));
  file->append("durable");
  file->sync();
  env_.sync_directory(directory_.path());
  file->append(" lost");
  file->close();
  EXPECT_EQ(read("a"), "durable lost");
  env_.drop_unsynced();
  EXPECT_EQ(read("a"), "durable");

  const auto more = env_.new_appendable_file(at("a"));
  more->append(" lost again");
  more->close();
  env_.drop_unsynced();
  EXPECT_EQ(read("a"), "durable");
}

TEST_F(FaultEnvTest, BytesWrittenAgainAfterATruncationAreNotDurable) {
  write("a", "0123456789", true);
  env_.sync_directory(directory_.path());
  env_.truncate_file(at("a"), 4);
  const auto file = env_.new_appendable_file(at("a"));
  file->append("abcdef");
  file->close();
  env_.drop_unsynced();
  EXPECT_EQ(read("a"), "0123");
}

TEST_F(FaultEnvTest, ANameIsDurableOnlyOnceItsDirectoryIsSynced) {
  write("a", "x", true);
  write("b", "x", true);
  env_.sync_directory(directory_.path().string() + "/");
  write("c", "x", true);
  env_.drop_unsynced();
  EXPECT_THAT(names(), ElementsAre("a", "b"));
}

TEST_F(FaultEnvTest, ARenamingIsUndoneAndTheReplacedFileComesBack) {
  write("latest", "old", true);
  env_.sync_directory(directory_.path());
  write("latest.tmp", "new", true);
  env_.rename(at("latest.tmp"), at("latest"));
  EXPECT_EQ(read("latest"), "new");
  env_.drop_unsynced();
  EXPECT_THAT(names(), ElementsAre("latest"));
  EXPECT_EQ(read("latest"), "old");
}

TEST_F(FaultEnvTest, RenamedTwiceWithoutASyncTheFirstContentsComeBack) {
  write("latest", "old", true);
  env_.sync_directory(directory_.path());
  for (const char* contents : {"new", "newer"}) {
    write("latest.tmp", contents, true);
    env_.rename(at("latest.tmp"), at("latest"));
  }
  env_.drop_unsynced();
  EXPECT_THAT(names(), ElementsAre("latest"));
  EXPECT_EQ(read("latest"), "old");
}

TEST_F(FaultEnvTest, ADirectoryRenamedWithoutASyncGoesBack) {
  env_.create_directories(at("staging"));
  write("staging/kept", "1", true);
  env_.sync_directory(at("staging"));
  write("staging/lost", "2", true);
  env_.rename(at("staging"), at("final"));
  write("final/later", "3", true);
  env_.drop_unsynced();
  EXPECT_THAT(names(), ElementsAre("staging"));
  EXPECT_THAT(names("staging"), ElementsAre("kept"));
}

TEST_F(FaultEnvTest, WhatLiesInARenamedDirectoryKeepsItsRecord) {
  env_.create_directories(at("staging"));
  write("staging/short", "durable", true);
  write("staging/unsynced", "lost", false);
  env_.rename(at("staging"), at("final"));
  env_.sync_directory(at("final"));
  env_.sync_directory(directory_.path());
  env_.drop_unsynced();
  EXPECT_THAT(names("final"), ElementsAre("short", "unsynced"));
  EXPECT_EQ(read("final/short"), "durable");
  EXPECT_EQ(read("final/unsynced"), "");
}

TEST_F(FaultEnvTest, RemovedFilesAreForgotten) {
  write("a", "x", false);
  env_.remove_file(at("a"));
  env_.create_directories(at("d"));
  write("d/b", "x", false);
  env_.remove_all(at("d"));
  env_.drop_unsynced();
  EXPECT_THAT(names(), IsEmpty());
}

// Publishing must survive a kill and a power failure at every single operation.
TEST_F(FaultEnvTest, PublishFileShowsTheOldOrTheNewAlways) {
  for (const bool power_failure : {false, true}) {
    int failures = 0;
    for (int64_t at_operation = 1;; ++at_operation) {
      publish_file(env_, at("f"), "old");
      env_.fail_after(at_operation);
      bool published = true;
      try {
        publish_file(env_, at("f"), "new");
      } catch (const Error&) {
        published = false;
        ++failures;
      }
      env_.fail_after(0);
      if (power_failure) env_.drop_unsynced();
      const std::string seen = read("f");
      if (published) {
        EXPECT_EQ(seen, "new");
        break;
      }
      EXPECT_TRUE(seen == "old" || seen == "new") << "operation " << at_operation << ": " << seen;
    }
    EXPECT_EQ(failures, 6);  // create, append, sync, close, rename, sync of the directory
  }
}

TEST_F(FaultEnvTest, PublishDirectoryIsWholeOrNotThere) {
  for (const bool power_failure : {false, true}) {
    int failures = 0;
    for (int64_t at_operation = 1;; ++at_operation) {
      env_.remove_all(at("staging"));
      env_.remove_all(at("final"));
      env_.create_directories(at("staging"));
      write("staging/model", "weights", true);
      env_.fail_after(at_operation);
      bool published = true;
      try {
        publish_directory(env_, at("staging"), at("final"));
      } catch (const Error&) {
        published = false;
        ++failures;
      }
      env_.fail_after(0);
      if (power_failure) env_.drop_unsynced();
      if (published || env_.exists(at("final"))) {
        EXPECT_EQ(read("final/model"), "weights") << "operation " << at_operation;
      }
      if (published) break;
    }
    EXPECT_EQ(failures, 3);
  }
}

}  // namespace
}  // namespace rexbert
