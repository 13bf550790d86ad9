#include "rexbert/core/env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert {
namespace {

using test::error_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class EnvTest : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return (directory_.path() / name).string(); }
  void write(const std::string& name, std::string_view contents) {
    const auto file = env_.new_writable_file(at(name));
    file->append(contents);
    file->close();
  }
  std::string read(const std::string& name) { return env_.read_file(at(name)); }

  test::TemporaryDirectory directory_;
  Env& env_ = Env::posix();
};

TEST_F(EnvTest, WritesAppendsAndReads) {
  write("a", "first");
  write("a", "second");
  EXPECT_EQ(read("a"), "second");
  const auto file = env_.new_appendable_file(at("a"));
  file->append(" third");
  file->sync();
  EXPECT_EQ(read("a"), "second third");
  file->append("!");
  file->close();
  EXPECT_EQ(read("a"), "second third!");
  EXPECT_EQ(env_.file_size(at("a")), 13u);
  write("empty", "");
  EXPECT_EQ(read("empty"), "");
}

TEST_F(EnvTest, PiecesAroundTheBufferSizeArriveInOrder) {
  std::string expected;
  const auto file = env_.new_writable_file(at("big"));
  for (const size_t length : {1u, 262'143u, 1u, 262'144u, 262'145u, 5u, 1'000'000u, 7u}) {
    std::string piece(length, static_cast<char>('a' + expected.size() % 26));
    file->append(piece);
    expected += piece;
  }
  file->close();
  EXPECT_TRUE(read("big") == expected);
}

TEST_F(EnvTest, RandomAccess) {
  write("a", "0123456789");
  const auto file = env_.open_file(at("a"));
  EXPECT_EQ(file->size(), 10u);
  std::string out(4, '\0');
  file->read(3, 4, out.data());
  EXPECT_EQ(out, "3456");
  EXPECT_EQ(error_of([&] { file->read(8, 4, out.data()); }),
            "corrupt data: " + at("a") + ": offset 8: expected 4 bytes, got 2");
  EXPECT_EQ(error_of([&] { file->read(99, 1, out.data()); }),
            "corrupt data: " + at("a") + ": offset 99: expected 1 bytes, got 0");
}

TEST_F(EnvTest, Maps) {
  write("a", std::string(100'000, 'x') + "end");
  const auto map = env_.map_file(at("a"));
  EXPECT_EQ(map->data().size(), 100'003u);
  EXPECT_EQ(map->data().substr(100'000), "end");
  write("empty", "");
  EXPECT_EQ(env_.map_file(at("empty"))->data(), "");
}

TEST_F(EnvTest, Directories) {
  env_.create_directories(at("d/e/f"));
  env_.create_directories(at("d/e/f"));
  EXPECT_TRUE(env_.is_directory(at("d/e/f")));
  write("d/z", "");
  write("d/b", "");
  EXPECT_FALSE(env_.is_directory(at("d/z")));
  EXPECT_THAT(env_.list_directory(at("d")), ElementsAre("b", "e", "z"));
  env_.sync_directory(at("d"));
  env_.rename(at("d/z"), at("d/b"));
  EXPECT_THAT(env_.list_directory(at("d")), ElementsAre("b", "e"));
  env_.remove_file(at("d/b"));
  env_.remove_all(at("d"));
  EXPECT_FALSE(env_.exists(at("d")));
  env_.remove_all(at("d"));
  EXPECT_GT(env_.free_bytes(directory_.path()), 0u);
}

TEST_F(EnvTest, Truncates) {
  write("a", "0123456789");
  env_.truncate_file(at("a"), 4);
  EXPECT_EQ(read("a"), "0123");
}

TEST_F(EnvTest, EveryFailureNamesThePathAndItsKind) {
  const std::string none = at("none");
  const std::string missing = none + ": cannot open: No such file or directory";
  EXPECT_EQ(error_of([&] { env_.open_file(none); }), "not found: " + missing);
  EXPECT_EQ(error_of([&] { env_.map_file(none); }), "not found: " + missing);
  EXPECT_EQ(error_of([&] { env_.read_file(none); }), "not found: " + missing);
  EXPECT_EQ(error_of([&] { env_.file_size(none); }),
            "not found: " + none + ": cannot read its size: No such file or directory");
  EXPECT_EQ(error_of([&] { env_.list_directory(none); }),
            "not found: " + none + ": cannot list: No such file or directory");
  EXPECT_EQ(error_of([&] { env_.remove_file(none); }),
            "not found: " + none + ": cannot remove: No such file or directory");
  EXPECT_EQ(error_of([&] { env_.rename(none, at("x")); }),
            "not found: " + none + ": cannot rename to " + at("x") + ": No such file or directory");
  EXPECT_EQ(error_of([&] { env_.truncate_file(none, 0); }),
            "not found: " + none + ": cannot truncate: No such file or directory");
  EXPECT_EQ(error_of([&] { env_.sync_directory(none); }),
            "not found: " + none + ": cannot open the directory: No such file or directory");
  EXPECT_EQ(error_of([&] { env_.new_writable_file(at("none/a")); }),
            "not found: " + at("none/a") + ": cannot create: No such file or directory");

  const std::string folder = directory_.path().string();
  EXPECT_EQ(error_of([&] { env_.read_file(folder); }),
            "I/O error: " + folder + ": cannot read: Is a directory");
  EXPECT_EQ(error_of([&] { env_.open_file(folder); }),
            "I/O error: " + folder + ": cannot read: Is a directory");
  EXPECT_EQ(error_of([&] { env_.new_writable_file(folder); }),
            "I/O error: " + folder + ": cannot create: Is a directory");
  write("file", "x");
  EXPECT_EQ(error_of([&] { env_.create_directories(at("file")); }),
            "I/O error: " + at("file") + ": cannot create the directory: Not a directory");
}

TEST_F(EnvTest, AFullDiskIsAnErrorAndNotALoss) {
  const auto small = env_.new_writable_file("/dev/full");
  small->append("x");
  EXPECT_EQ(error_of([&] { small->close(); }),
            "I/O error: /dev/full: cannot write: No space left on device");
  const auto large = env_.new_writable_file("/dev/full");
  EXPECT_EQ(error_of([&] { large->append(std::string(1 << 20, 'x')); }),
            "I/O error: /dev/full: cannot write: No space left on device");
}

TEST_F(EnvTest, PublishFileReplacesAndLeavesNothingBeside) {
  publish_file(env_, at("latest"), "one");
  publish_file(env_, at("latest"), "two");
  EXPECT_EQ(read("latest"), "two");
  EXPECT_THAT(env_.list_directory(directory_.path()), ElementsAre("latest"));
}

TEST_F(EnvTest, PublishDirectoryNeverReplaces) {
  env_.create_directories(at("staging"));
  write("staging/model", "weights");
  publish_directory(env_, at("staging"), at("final"));
  EXPECT_EQ(read("final/model"), "weights");
  EXPECT_THAT(env_.list_directory(directory_.path()), ElementsAre("final"));

  env_.create_directories(at("staging"));
  EXPECT_EQ(error_of([&] { publish_directory(env_, at("staging"), at("final")); }),
            "I/O error: " + at("final") + ": already exists; not replaced");
  EXPECT_EQ(read("final/model"), "weights");
  EXPECT_THAT(env_.list_directory(at("staging")), IsEmpty());
}

}  // namespace
}  // namespace rexbert
