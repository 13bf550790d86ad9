#include "curate/line_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/error.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> lines_of(const std::string& contents, size_t batch_bytes) {
  const test::TemporaryDirectory directory;
  write_synced_file(Env::posix(), directory / "a", contents);
  LineBatchReader reader(Env::posix(), directory / "a", batch_bytes);
  std::vector<std::string> lines;
  while (const auto batch = reader.next()) {
    EXPECT_EQ(batch->first, lines.size());
    EXPECT_GT(batch->line_count, 0u);
    for (const std::string_view line : batch->lines()) lines.emplace_back(line);
  }
  return lines;
}

TEST(LineBatches, HoldWholeLinesWhateverTheirSize) {
  for (size_t bytes = 1; bytes < 20; ++bytes) {
    EXPECT_THAT(lines_of("one\n\nthree and more\nlast", bytes),
                ElementsAre("one", "", "three and more", "last"));
    EXPECT_THAT(lines_of("one\ntwo\n", bytes), ElementsAre("one", "two"));
    EXPECT_THAT(lines_of("\n", bytes), ElementsAre(""));
    EXPECT_THAT(lines_of("", bytes), IsEmpty());
  }
}

TEST(MapInOrder, ConsumesInOrderAndHandsOnErrors) {
  for (const int threads : {0, 1, 4}) {
    int next = 0;
    std::vector<int> squares;
    const auto produce = [&]() -> std::optional<int> {
      return next < 100 ? std::optional(next++) : std::nullopt;
    };
    map_in_order(
        threads, produce, [](int& item) { return item * item; },
        [&](int square) { squares.push_back(square); });
    ASSERT_EQ(squares.size(), 100u);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(squares[static_cast<size_t>(i)], i * i);
    next = 0;
    size_t consumed = 0;
    const auto fail_at_70 = [](int& item) {
      if (item == 70) throw Error(ErrorCode::kCorrupt, "seventy");
      return item;
    };
    EXPECT_THROW(map_in_order(threads, produce, fail_at_70, [&](int) { ++consumed; }), Error);
    EXPECT_EQ(consumed, 70u);
  }
}

}  // namespace
}  // namespace rexbert::curate
