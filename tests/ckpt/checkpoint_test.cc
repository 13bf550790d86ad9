#include "rexbert/ckpt/checkpoint.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <map>

#include "rexbert/hf/model_folder.h"
#include "support/temporary_directory.h"

namespace rexbert::ckpt {
namespace {

class SnapshotTest : public ::testing::Test {
 protected:
  static nn::EncoderConfig small() {
    nn::EncoderConfig config;
    config.vocabulary = 32;
    config.hidden = 8;
    config.intermediate = 12;
    config.layers = 2;
    config.heads = 2;
    return config;
  }

  SnapshotTest()
      : model_(small()), optimizer_(model_.named_parameters(), {.max_learning_rate = 1}) {
    nn::initialize(model_, 1);
    change();
    snapshot_.config.encoder = small();
    snapshot_.tokenizer_files = {{"tokenizer.json", "{}"}};
  }

  // Other weights and moments, in place, as a training step makes them.
  void change() {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : model_.parameters()) parameter.add_(torch::rand_like(parameter));
    for (auto& [name, state] : optimizer_.state()) {
      state.exp_avg.add_(torch::rand_like(state.exp_avg));
      state.exp_avg_sq.add_(torch::rand_like(state.exp_avg_sq));
    }
  }

  std::map<std::string, std::string> written(const std::string& name) {
    const fs::path folder = directory_ / name;
    env_.create_directories(folder);
    write_checkpoint(env_, folder, snapshot_);
    std::map<std::string, std::string> files;
    for (const std::string& file : env_.list_directory(folder)) {
      files[file] = env_.read_file(folder / file);
    }
    return files;
  }

  std::vector<const void*> memory() const {
    std::vector<const void*> addresses;
    for (const hf::NamedTensors* tensors : {&snapshot_.weights, &snapshot_.moments}) {
      for (const auto& [name, tensor] : *tensors) addresses.push_back(tensor.const_data_ptr());
    }
    return addresses;
  }

  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  nn::MaskedLanguageModel model_;
  optim::StableAdamW optimizer_;
  Snapshot snapshot_;
};

TEST_F(SnapshotTest, GoesOutAsItWasTakenWhateverTrainingDoesAfterwards) {
  snapshot_.copy_tensors(model_, optimizer_);
  const auto before = written("before");
  change();
  EXPECT_EQ(written("after"), before);
  snapshot_.copy_tensors(model_, optimizer_);
  EXPECT_NE(written("next"), before);
}

TEST_F(SnapshotTest, ComesBackBitForBit) {
  snapshot_.copy_tensors(model_, optimizer_);
  written("checkpoint");
  nn::MaskedLanguageModel model(small());
  optim::StableAdamW optimizer(model.named_parameters(), {.max_learning_rate = 1});
  hf::load_weights(env_, directory_ / "checkpoint", model);
  read_optimizer(env_, directory_ / "checkpoint", optimizer);
  for (const auto& parameter : model_.named_parameters()) {
    const std::string& name = parameter.key();
    EXPECT_TRUE(torch::equal(model.named_parameters()[name], parameter.value())) << name;
    const optim::ParameterState& expected = optimizer_.state().at(name);
    EXPECT_TRUE(torch::equal(optimizer.state().at(name).exp_avg, expected.exp_avg)) << name;
    EXPECT_TRUE(torch::equal(optimizer.state().at(name).exp_avg_sq, expected.exp_avg_sq)) << name;
  }
}

TEST_F(SnapshotTest, TheNextOneIsTakenIntoTheSameMemory) {
  snapshot_.copy_tensors(model_, optimizer_);
  const auto addresses = memory();
  change();
  snapshot_.copy_tensors(model_, optimizer_);
  EXPECT_EQ(memory(), addresses);
}

}  // namespace
}  // namespace rexbert::ckpt
