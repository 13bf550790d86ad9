#include <gtest/gtest.h>

#include "rexbert/train/bench.h"
#include "support/cuda.h"

namespace rexbert::train {
namespace {

nn::EncoderConfig small_encoder() {
  nn::EncoderConfig config;
  config.vocabulary = 512;
  config.hidden = 128;
  config.intermediate = 192;
  config.layers = 3;
  config.heads = 2;
  return config;
}

// Four steps of training, each with a reduction of several buckets.
TrainBenchResult train(dist::Backend backend, const std::string& device, nn::Precision precision) {
  TrainBenchOptions options;
  options.model = small_encoder();
  options.sequences = 4;
  options.context_length = 48;
  options.steps = 2;
  options.threads = 1;
  options.device = device;
  options.precision = precision;
  options.reducer.bucket_bytes = 64 << 10;
  const auto group = dist::connect(dist::Launch(), {.backend = backend, .device = device});
  return bench_train(options, *group);
}

void expect_bits_of_no_group(dist::Backend backend, const std::string& device,
                             nn::Precision precision) {
  const TrainBenchResult with = train(backend, device, precision);
  const TrainBenchResult without = train(dist::Backend::kAuto, device, precision);
  EXPECT_EQ(with.weights_hash, without.weights_hash);
  EXPECT_EQ(with.loss, without.loss);
}

TEST(OneRank, OverGlooHasTheBitsOfNoGroup) {
  expect_bits_of_no_group(dist::Backend::kGloo, "cpu", nn::Precision::kF32);
}

TEST(OneRankOnCuda, OverNcclHasTheBitsOfNoGroup) {
  if (const auto reason = test::no_cuda_reason(); !reason.empty()) GTEST_SKIP() << reason;
  for (const nn::Precision precision : {nn::Precision::kF32, nn::Precision::kBf16}) {
    expect_bits_of_no_group(dist::Backend::kNccl, "cuda", precision);
  }
}

}  // namespace
}  // namespace rexbert::train
