#include "rexbert/hf/model_folder.h"

#include <gtest/gtest.h>

#include "rexbert/hf/safetensors.h"
#include "support/cuda.h"
#include "support/temporary_directory.h"

namespace rexbert::hf {
namespace {

ModelConfig tiny() {
  ModelConfig config;
  config.encoder.vocabulary = 96;
  config.encoder.hidden = 32;
  config.encoder.intermediate = 48;
  config.encoder.layers = 2;
  config.encoder.heads = 2;
  return config;
}

struct Setting {
  const char* name;
  torch::DeviceType device;
  nn::Precision precision;
};

// A folder is the same whatever device and precision its model was trained with.
class ModelFolderTest : public testing::TestWithParam<Setting> {};
INSTANTIATE_TEST_SUITE_P(Settings, ModelFolderTest,
                         testing::Values(Setting{"F32OnCpu", torch::kCPU, nn::Precision::kF32},
                                         Setting{"Bf16OnCpu", torch::kCPU, nn::Precision::kBf16},
                                         Setting{"Bf16OnCuda", torch::kCUDA, nn::Precision::kBf16}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_P(ModelFolderTest, HoldsTheWeightsBitForBitInFloat32) {
  const Setting& setting = GetParam();
  const std::string reason =
      setting.device == torch::kCUDA ? test::no_cuda_reason() : std::string();
  if (!reason.empty()) GTEST_SKIP() << reason;
  nn::MaskedLanguageModel model(tiny().encoder);
  model.to(setting.device);
  model.set_precision(setting.precision);
  nn::initialize(model, 17);
  const test::TemporaryDirectory directory;
  Env& env = Env::posix();
  NamedTensors weights;
  for (const auto& item : model.named_parameters()) weights.emplace_back(item.key(), item.value());
  save_model(env, weights, tiny(), directory.path());
  for (const auto& [name, tensor] : read_safetensors(env, directory.path() / kWeightsFile))
    EXPECT_EQ(tensor.scalar_type(), torch::kFloat32) << name;

  nn::MaskedLanguageModel again(tiny().encoder);
  again.to(setting.device);
  nn::initialize(again, 18);
  load_weights(env, directory.path(), again);
  const auto loaded = load_model(env, directory.path()).model->named_parameters();
  const auto reloaded = again.named_parameters();
  for (const auto& item : model.named_parameters()) {
    EXPECT_TRUE(reloaded[item.key()].equal(item.value())) << item.key();
    EXPECT_TRUE(loaded[item.key()].equal(item.value().cpu())) << item.key();
  }
}

}  // namespace
}  // namespace rexbert::hf
