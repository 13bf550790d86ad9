#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rexbert/core/env.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/temporary_directory.h"
#include "support/world.h"

namespace rexbert {
namespace {

using test::CommandResult;
using test::World;
using ::testing::HasSubstr;
using ::testing::Not;

// A trained model of 3 layers and 2 heads, and runs of 5 layers and 4 heads.
class TileFromTest : public ::testing::Test {
 protected:
  TileFromTest() {
    const CommandResult smaller = train("smaller", {});
    EXPECT_EQ(smaller.exit_code, 0) << smaller.err;
  }

  CommandResult train(const std::string& name, const std::vector<std::string>& settings,
                      const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = world_.train_arguments(directory_ / name, more);
    for (const std::string& setting : settings) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    return test::run_rexbert(arguments);
  }

  CommandResult train_larger(const std::string& name, std::vector<std::string> settings,
                             const std::vector<std::string>& more = {"--stop-at-step", "2"}) {
    settings.insert(settings.begin(), {"model.layers=5", "model.hidden_size=64",
                                       "model.attention_heads=4", "model.intermediate_size=80"});
    return train(name, settings, more);
  }

  std::string tile_from(const std::string& name) const {
    return "tile_from=" + (directory_ / name).string();
  }

  // Held-out loss before the first step.
  double first_loss(const std::string& name) {
    for (const std::string& line :
         str_split(env_.read_file(directory_ / name / "metrics.jsonl"), '\n')) {
      const Json json = Json::parse(line);
      if (json["kind"] == "eval") return json["general"]["loss"].get<double>();
    }
    return 0;
  }

  Env& env_ = Env::posix();
  const World& world_ = World::instance();
  test::TemporaryDirectory directory_;
};

TEST_F(TileFromTest, ALargerModelBeginsWhereTheSmallerOneEnded) {
  const CommandResult tiled = train_larger("tiled", {tile_from("smaller")});
  ASSERT_EQ(tiled.exit_code, 0) << tiled.err;
  EXPECT_THAT(tiled.err, HasSubstr("starting from the weights of "));
  EXPECT_THAT(tiled.err, HasSubstr("tiled from 3 layers of 32 to 5 of 64"));
  const CommandResult drawn = train_larger("drawn", {});
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  EXPECT_LT(first_loss("tiled"), first_loss("drawn") - 0.3);
}

TEST_F(TileFromTest, AResumedRunDoesNotLookAtIt) {
  ASSERT_EQ(train_larger("whole", {tile_from("smaller")}, {"--stop-at-step", "4"}).exit_code, 0);
  ASSERT_EQ(train_larger("run", {tile_from("smaller")}).exit_code, 0);
  fs::rename(directory_ / "smaller", directory_ / "gone");
  const CommandResult resumed =
      train_larger("run", {tile_from("smaller")}, {"--stop-at-step", "4"});
  ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, Not(HasSubstr("tiled from")));
  const fs::path weights = fs::path("checkpoints") / "step-000000004" / "model.safetensors";
  EXPECT_EQ(env_.read_file(directory_ / "run" / weights),
            env_.read_file(directory_ / "whole" / weights));

  const CommandResult fresh = train_larger("fresh", {tile_from("smaller")});
  EXPECT_EQ(fresh.exit_code, static_cast<int>(ErrorCode::kNotFound));
  EXPECT_THAT(fresh.err, HasSubstr("tile_from: " + (directory_ / "smaller").string() +
                                   ": no such folder; expected a run directory or a checkpoint "
                                   "folder"));
  const CommandResult other = train_larger("run", {tile_from("gone")}, {"--stop-at-step", "6"});
  EXPECT_EQ(other.exit_code, static_cast<int>(ErrorCode::kConfig));
  EXPECT_THAT(other.err, HasSubstr("tile_from: " + (directory_ / "smaller").string() + " then, " +
                                   (directory_ / "gone").string() + " now"));
}

TEST_F(TileFromTest, WhatDoesNotFitIsRefused) {
  const CommandResult wider =
      train("wider", {tile_from("smaller"), "model.hidden_size=16", "model.attention_heads=1"});
  EXPECT_EQ(wider.exit_code, static_cast<int>(ErrorCode::kIncompatible));
  EXPECT_THAT(wider.err, HasSubstr("tile_from: "));
  EXPECT_THAT(wider.err, HasSubstr("tiling: attention_heads of the smaller model: expected at most "
                                   "the 1 of the larger one, got 2"));
  const CommandResult both = train_larger(
      "both", {tile_from("smaller"), "start_from=" + (directory_ / "smaller").string()});
  EXPECT_EQ(both.exit_code, static_cast<int>(ErrorCode::kConfig));
  EXPECT_THAT(both.err, HasSubstr("tile_from: expected start_from or tile_from, got both"));
}

}  // namespace
}  // namespace rexbert
