#include <gtest/gtest.h>

#include "rexbert/core/json.h"
#include "rexbert/nn/memory.h"
#include "support/command.h"

namespace rexbert {
namespace {

struct Shape {
  const char* preset;
  int64_t sequences;
  int64_t context_length;
};

class MemoryTest : public ::testing::TestWithParam<Shape> {};

// The prediction beside the peak of a process that trains.
TEST_P(MemoryTest, IsWhatAProcessTakes) {
  const Shape& shape = GetParam();
  const test::CommandResult result = test::run_rexbert(
      {"bench", "train", "--preset", shape.preset, "--sequences", std::to_string(shape.sequences),
       "--context", std::to_string(shape.context_length), "--steps", "1", "--threads", "2",
       "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  const double measured = Json::parse(result.out)["peak_memory_gib"].get<double>();
  const double predicted = nn::predict_memory(nn::preset(shape.preset), nn::Precision::kF32,
                                              shape.sequences * shape.context_length, 0.3)
                               .total() /
                           (1 << 30);
  EXPECT_NEAR(measured / predicted, 1, 0.15) << measured << " GiB, predicted " << predicted;
}

INSTANTIATE_TEST_SUITE_P(Shapes, MemoryTest,
                         ::testing::Values(Shape{"micro", 2, 512}, Shape{"micro", 1, 4096},
                                           Shape{"mini", 1, 1024}),
                         [](const auto& shape) {
                           return std::string(shape.param.preset) + "Of" +
                                  std::to_string(shape.param.sequences) + "Times" +
                                  std::to_string(shape.param.context_length);
                         });

}  // namespace
}  // namespace rexbert
