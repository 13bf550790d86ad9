#include "rexbert/net/web_env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/compression.h"
#include "rexbert/core/strings.h"
#include "support/errors.h"
#include "support/fake_clock.h"
#include "support/http_files.h"
#include "support/temporary_directory.h"

namespace rexbert::net {
namespace {

using test::HttpServer;
using ::testing::AllOf;
using ::testing::HasSubstr;

class WebEnvTest : public ::testing::Test {
 protected:
  WebEnvTest() {
    for (int i = 0; i < 2000; ++i) text_ += str_cat("line ", i * i, "\n");
    handler_.files = {{"/a.txt", text_}, {"/a.txt.gz", compress({Compression::kGzip, 6}, text_)}};
    server_.start(std::ref(handler_));
  }

  std::string text_;
  test::HttpFiles handler_;
  HttpServer server_;
  test::FakeClock clock_;
  WebEnv env_{Env::posix(), {}, 1000, clock_};
};

TEST_F(WebEnvTest, ReadsByRangesOverBrokenConnections) {
  handler_.breaks_off = true;
  for (const char* name : {"/a.txt", "/a.txt.gz"}) {
    const auto source = open_byte_source(env_, server_.url(name));
    std::string read;
    char block[700];
    while (const size_t size = source->read(block, sizeof(block))) read.append(block, size);
    EXPECT_EQ(read, text_) << name;
  }
  EXPECT_GT(handler_.requests, 20);
  EXPECT_EQ(env_.read_file(server_.url("/a.txt")), text_);
}

TEST_F(WebEnvTest, KnowsWhatIsThere) {
  EXPECT_TRUE(env_.exists(server_.url("/a.txt")));
  EXPECT_FALSE(env_.exists(server_.url("/b.txt")));
  EXPECT_FALSE(env_.is_directory(server_.url("/a.txt")));
  EXPECT_EQ(env_.file_size(server_.url("/a.txt")), text_.size());
  EXPECT_THAT(test::error_of([&] { env_.open_file(server_.url("/b.txt")); }),
              AllOf(HasSubstr("/b.txt"), HasSubstr("404")));
}

TEST_F(WebEnvTest, PathsOfFilesAreHandedOn) {
  const test::TemporaryDirectory directory;
  publish_file(env_, directory / "a", "here");
  EXPECT_EQ(env_.read_file(directory / "a"), "here");
  EXPECT_TRUE(env_.exists(directory / "a"));
  EXPECT_TRUE(env_.is_directory(directory.path()));
  EXPECT_EQ(env_.file_size(directory / "a"), 4u);
}

TEST_F(WebEnvTest, AFileThatChangesWhileItIsReadIsAnError) {
  const auto file = env_.open_file(server_.url("/a.txt"));
  char byte = 0;
  file->read(0, 1, &byte);
  handler_.etag = "\"2\"";
  file->read(999, 1, &byte);  // still in the window
  EXPECT_THAT(test::error_of([&] { file->read(1000, 1, &byte); }),
              AllOf(HasSubstr("a.txt: expected version \"\\\"1\\\"\""),
                    HasSubstr("it changed while it was read")));
}

}  // namespace
}  // namespace rexbert::net
