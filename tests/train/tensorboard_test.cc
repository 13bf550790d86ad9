#include "rexbert/train/tensorboard.h"

#include <gtest/gtest.h>

#include <cstring>

#include "support/temporary_directory.h"

namespace rexbert::train {
namespace {

// RFC 3720, appendix B.4.
TEST(Crc32cTest, PublishedVectors) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  EXPECT_EQ(crc32c(ascending), 0x46DD794Eu);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}

// Bytes written by tensorflow's own encoder for Event(wall_time=1.5, step=3,
// summary=Summary(value=[Summary.Value(tag="a", simple_value=2.0)])).
TEST(EventWriterTest, WritesTheProtocolBuffersOfTensorBoard) {
  test::TemporaryDirectory directory;
  {
    EventWriter writer(Env::posix(), directory.path(), 1.5, 0);
    writer.scalars(1.5, 3, {{"a", 2.0}});
    writer.flush();
  }
  const auto names = Env::posix().list_directory(directory.path());
  ASSERT_EQ(names.size(), 1u);
  EXPECT_TRUE(names[0].starts_with("events.out.tfevents."));
  const std::string bytes = Env::posix().read_file(directory.path() / names[0]);
  uint64_t first = 0;
  std::memcpy(&first, bytes.data(), sizeof(first));
  const std::string second = bytes.substr(first + 16);
  const std::string event(
      "\x09\x00\x00\x00\x00\x00\x00\xf8\x3f\x10\x03\x2a\x0a\x0a\x08\x0a\x01"
      "a\x15\x00\x00\x00\x40",
      23);
  ASSERT_EQ(second.size(), 12 + event.size() + 4);
  EXPECT_EQ(second.substr(12, event.size()), event);
  uint64_t length = 0;
  std::memcpy(&length, second.data(), sizeof(length));
  EXPECT_EQ(length, event.size());
}

}  // namespace
}  // namespace rexbert::train
