#include "rexbert/nn/device.h"

#include <gmock/gmock.h>

#include "rexbert/nn/model.h"
#include "support/cuda.h"
#include "support/errors.h"

namespace rexbert::nn {
namespace {

TEST(Device, IsWhatItIsCalled) {
  EXPECT_EQ(use_device("cpu"), torch::Device(torch::kCPU));
  EXPECT_EQ(test::error_of([] { use_device("gpu"); }),
            "usage error: device: expected cpu or cuda, got gpu");
}

TEST(Device, WithoutAGpuTheErrorNamesWhatIsMissing) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "there is a GPU";
  EXPECT_THAT(test::error_of([] { use_device("cuda"); }),
              testing::HasSubstr(at::Context::hasCUDART() ? "NVIDIA driver" : "-DREXBERT_CUDA=ON"));
}

TEST(DeviceOnCuda, WeightsAreDrawnAsOnTheCpu) {
  if (const auto reason = test::no_cuda_reason(); !reason.empty()) GTEST_SKIP() << reason;
  EncoderConfig config;
  config.vocabulary = 96;
  config.hidden = 32;
  config.intermediate = 48;
  config.layers = 2;
  config.heads = 2;
  MaskedLanguageModel host(config);
  MaskedLanguageModel device(config);
  device.to(use_device("cuda"));
  initialize(host, 17);
  initialize(device, 17);
  const auto expected = host.named_parameters();
  for (const auto& item : device.named_parameters()) {
    EXPECT_TRUE(item.value().is_cuda()) << item.key();
    EXPECT_TRUE(item.value().cpu().equal(expected[item.key()])) << item.key();
  }
  EXPECT_THROW(use_device("cuda", true, torch::cuda::device_count()), Error);
}

}  // namespace
}  // namespace rexbert::nn
