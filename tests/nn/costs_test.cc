#include "rexbert/nn/costs.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace rexbert::nn {
namespace {

// One global layer and two local ones, whose window reaches two tokens to each side.
EncoderConfig tiny() {
  EncoderConfig config;
  config.vocabulary = 10;
  config.hidden = 4;
  config.intermediate = 6;
  config.layers = 3;
  config.heads = 2;
  config.global_every = 3;
  config.local_window = 4;
  return config;
}

double flops_of(StepPart part, const BatchShape& shape) {
  return cost_of(part, tiny(), shape).flops;
}
double bytes_of(StepPart part, const BatchShape& shape) {
  return cost_of(part, tiny(), shape).bytes;
}

// Sequences of 5 and 3 tokens, two of them masked; everything below was computed by hand.
TEST(Costs, AreThoseComputedByHand) {
  const BatchShape shape = shape_of(tiny(), {0, 5, 8}, 2);
  EXPECT_EQ(shape.tokens, 8);
  EXPECT_EQ(shape.masked, 2);
  EXPECT_EQ(shape.global_pairs, 25 + 9);
  EXPECT_EQ(shape.local_pairs, (3 + 4 + 5 + 4 + 3) + 9);

  EXPECT_EQ(flops_of(StepPart::kQkv, shape), 3 * 6 * 8 * 4 * 12);
  EXPECT_EQ(flops_of(StepPart::kLocalAttention, shape), 2 * 12 * 28 * 4);
  EXPECT_EQ(flops_of(StepPart::kGlobalAttention, shape), 1 * 12 * 34 * 4);
  EXPECT_EQ(flops_of(StepPart::kAttentionOut, shape), 3 * 6 * 8 * 4 * 4);
  EXPECT_EQ(flops_of(StepPart::kMlpIn, shape), 3 * 6 * 8 * 4 * 12);
  EXPECT_EQ(flops_of(StepPart::kMlpOut, shape), 3 * 6 * 8 * 6 * 4);
  EXPECT_EQ(flops_of(StepPart::kHead, shape), 6 * 2 * 4 * 4);
  EXPECT_EQ(flops_of(StepPart::kDecoder, shape), 6 * 2 * 4 * 10);
  for (const StepPart part :
       {StepPart::kEmbedding, StepPart::kNorms, StepPart::kGeglu, StepPart::kOptimizer}) {
    EXPECT_EQ(flops_of(part, shape), 0) << name_of(part);
  }
  EXPECT_EQ(training_flops(tiny(), shape), 24'576);

  // x 32 floats, weight 48, y 96, and each of them twice backward, as itself or as its gradient.
  EXPECT_EQ(bytes_of(StepPart::kQkv, shape), 4 * 3 * (176 + 2 * 176));
  // qkv 96 floats and the output 32; backward these, the output's gradient, and that of qkv.
  EXPECT_EQ(bytes_of(StepPart::kGlobalAttention, shape), 4 * ((96 + 32) + (96 + 32 + 32 + 96)));
  EXPECT_EQ(bytes_of(StepPart::kGeglu, shape), 4 * 3 * (96 + 48 + 48 + 96 + 96));
  // Two norms in each layer but the first, whose second is the final norm.
  EXPECT_EQ(bytes_of(StepPart::kNorms, shape), 4 * 6 * (64 + 96));
  // Two states of 4, and ten rows of the weight; each with its gradient.
  EXPECT_EQ(bytes_of(StepPart::kDecoder, shape), 4 * 2 * (8 + 40));
  EXPECT_EQ(bytes_of(StepPart::kOptimizer, shape),
            4.0 * 9 * static_cast<double>(parameter_count(tiny())));
}

TEST(Costs, LocalPairsAreThoseCountedOneByOne) {
  EncoderConfig config = tiny();
  for (const int64_t window : {0, 2, 4, 8, 128}) {
    config.local_window = window;
    for (const int32_t length : {0, 1, 2, 3, 5, 9, 40, 200}) {
      int64_t counted = 0;
      for (int32_t t = 0; t < length; ++t) {
        for (int32_t u = 0; u < length; ++u) counted += std::abs(t - u) <= window / 2 ? 1 : 0;
      }
      EXPECT_EQ(shape_of(config, {0, length}, 0).local_pairs, counted) << window << " " << length;
    }
  }
}

TEST(Costs, OfMicroBatchesAddUp) {
  BatchShape sum = shape_of(tiny(), {0, 5}, 1);
  sum += shape_of(tiny(), {0, 3}, 1);
  EXPECT_EQ(training_flops(tiny(), sum), training_flops(tiny(), shape_of(tiny(), {0, 5, 8}, 2)));
}

// 6 FLOPs a parameter and token, as it is often put, is what a long batch of short sequences comes
// to without its embedding, were every token masked.
TEST(Costs, AreSixTimesTheParametersWithoutAttention) {
  const EncoderConfig base = preset("base");
  BatchShape shape{.tokens = 1000, .masked = 1000};
  const double matrices = static_cast<double>(parameter_count(base));
  EXPECT_NEAR(training_flops(base, shape) / (6 * 1000 * matrices), 1, 2e-3);
}

}  // namespace
}  // namespace rexbert::nn
