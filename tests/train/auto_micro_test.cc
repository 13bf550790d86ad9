#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/temporary_directory.h"
#include "support/world.h"

namespace rexbert {
namespace {

using test::CommandResult;
using test::run_rexbert;
using test::World;
using ::testing::AllOf;
using ::testing::HasSubstr;

// data.micro_tokens: auto, as the command has it.
class AutoMicroTokens : public ::testing::Test {
 protected:
  CommandResult train(const std::string& name, const std::vector<std::string>& more) {
    return run_rexbert(world_.train_arguments(directory_ / name, more));
  }
  fs::path newest_checkpoint(const std::string& name) {
    const fs::path checkpoints = directory_ / name / "checkpoints";
    return checkpoints / str_trim(env_.read_file(checkpoints / "latest"));
  }
  Json state(const std::string& name) {
    return Json::parse(env_.read_file(newest_checkpoint(name) / "trainer_state.json"));
  }
  std::string weights(const std::string& name) {
    return env_.read_file(newest_checkpoint(name) / "model.safetensors");
  }

  Env& env_ = Env::posix();
  const World& world_ = World::instance();
  test::TemporaryDirectory directory_;
};

TEST_F(AutoMicroTokens, TakesWholeBatchesWhereTheyFit) {
  const CommandResult result = train("auto", {"--set", "data.micro_tokens=auto"});
  ASSERT_EQ(result.exit_code, 0) << result.err;
  EXPECT_THAT(result.err, HasSubstr("data.micro_tokens: auto is "));
  const std::string chosen = state("auto")["config"]["data.micro_tokens"];
  EXPECT_GT(std::stoll(chosen), 256) << "the whole batch, not what the config said before";
  ASSERT_EQ(train("written", {"--set", "data.micro_tokens=" + chosen}).exit_code, 0);
  EXPECT_EQ(weights("auto"), weights("written")) << "the probe leaves no trace";
}

TEST_F(AutoMicroTokens, GoesOnWithTheNumberItBeganWith) {
  ASSERT_EQ(train("run", {"--set", "data.micro_tokens=128", "--stop-at-step", "20"}).exit_code, 0);
  const CommandResult rest = train("run", {"--set", "data.micro_tokens=auto"});
  ASSERT_EQ(rest.exit_code, 0) << rest.err;
  EXPECT_EQ(state("run")["config"]["data.micro_tokens"], "128");
  ASSERT_EQ(train("whole", {"--set", "data.micro_tokens=128"}).exit_code, 0);
  EXPECT_EQ(weights("run"), weights("whole"));
}

TEST_F(AutoMicroTokens, IsAWordOfTheConfig) {
  const std::string config = (world_.path() / "config.yaml").string();
  const auto resolved = [&](const std::string& value) {
    return run_rexbert({"config", "show", "--config", config, "--set", "data.micro_tokens=" + value});
  };
  EXPECT_THAT(resolved("auto").out, HasSubstr("micro_tokens: auto"));
  EXPECT_THAT(resolved("atuo").err,
              AllOf(HasSubstr("data.micro_tokens"), HasSubstr("or auto, got atuo")));
}

TEST_F(AutoMicroTokens, ThePlanSaysWhatMemoryARankNeeds) {
  const std::string config = (world_.path() / "config.yaml").string();
  const auto plan = [&](const std::string& tokens) {
    const CommandResult result = run_rexbert({"plan", "--config", config, "--json", "--set",
                                              "data.micro_tokens=" + tokens});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return Json::parse(result.out)["memory"];
  };
  const Json small = plan("64");
  const Json automatic = plan("auto");
  EXPECT_GT(automatic["micro_tokens"], small["micro_tokens"]);
  EXPECT_GT(automatic["activations"], small["activations"]);
  EXPECT_EQ(automatic["weights"], small["weights"]);
  double sum = 0;
  for (const char* part : {"weights", "gradients", "moments", "activations", "loss", "workspace",
                           "process"}) {
    sum += small[part].get<double>();
  }
  EXPECT_DOUBLE_EQ(small["bytes"].get<double>(), sum);
}

}  // namespace
}  // namespace rexbert
