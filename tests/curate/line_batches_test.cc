#include "curate/line_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace rexbert::curate
