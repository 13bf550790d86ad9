#include "rexbert/train/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.h"
#include "support/paths.h"
#include "support/temporary_directory.h"
#include "support/world.h"

namespace rexbert::train {
namespace {

using ::testing::HasSubstr;

class RunConfigTest : public ::testing::Test {
 protected:
  LoadedConfig load(const std::vector<std::string>& overrides = {}) {
    std::string text = "run: {directory: r}\n" + test::World::common_yaml("x") + "phases:\n";
    text += test::World::phases_yaml()[0];
    publish_file(Env::posix(), path_, text);
    return load_run_config(Env::posix(), path_, overrides);
  }
  std::string error(const std::vector<std::string>& overrides) {
    return test::error_of([&] { load(overrides); });
  }

  test::TemporaryDirectory directory_;
  fs::path path_ = directory_.path() / "c.yaml";
};

TEST_F(RunConfigTest, ReadsPresetsAndFieldsOverThem) {
  const LoadedConfig loaded = load({"model={preset: large, layers: 3}"});
  EXPECT_EQ(loaded.config.model.layers, 3);
  EXPECT_EQ(loaded.config.model.hidden, 1024);
  EXPECT_EQ(loaded.config.model.intermediate, 2624);
  EXPECT_THAT(error({"model.preset=bsae"}), HasSubstr("got \"bsae\"; did you mean base?"));
}

TEST_F(RunConfigTest, ShippedPresetsAreTheLibrarysOwn) {
  for (const std::string& name : nn::preset_names()) {
    const LoadedConfig loaded = load({"model={preset: " + name + "}"});
    const nn::EncoderConfig expected = nn::preset(name);
    const ModelOptions& model = loaded.config.model;
    EXPECT_EQ(nn::parameter_count(model), nn::parameter_count(expected)) << name;
    EXPECT_EQ(model.heads, expected.heads) << name;
    EXPECT_EQ(model.attention_dropout_out, expected.attention_dropout_out) << name;
    EXPECT_EQ(model.norm_eps, expected.norm_eps) << name;
  }
}

TEST_F(RunConfigTest, TyposAreErrorsWithTheNearestKey) {
  EXPECT_EQ(error({"data.lane=4"}),
            "config error: --set data.lane: data.lane: unknown key; did you mean lanes?");
  EXPECT_THAT(error({"phases.0.tokens=-5"}), HasSubstr("phases[0].tokens: expected a count"));
}

TEST_F(RunConfigTest, UrlsHoldNoPassword) {
  for (const char* at : {"checkpoint.mirror=s3://user:secret@bucket/runs",
                         "streams.general.path=https://user:secret@host/general"}) {
    const std::string text = error({at});
    EXPECT_THAT(text, HasSubstr("expected a URL without user:password@")) << at;
    EXPECT_THAT(text, ::testing::Not(HasSubstr("secret"))) << at;
  }
}

TEST_F(RunConfigTest, GuidedMaskingAndTheSalienceTableBelongTogether) {
  EXPECT_THAT(error({"phases.0.masking={policy: guided}"}), HasSubstr("salience: missing; guided"));
  EXPECT_THAT(error({"salience=table.json"}), HasSubstr("salience: has no effect here"));
}

TEST_F(RunConfigTest, TheResolvedConfigReadsBackTheSame) {
  const LoadedConfig first = load({"run.seed=3"});
  const fs::path again = directory_.path() / "resolved.yaml";
  publish_file(Env::posix(), again, first.resolved());
  const LoadedConfig second = load_run_config(Env::posix(), again);
  EXPECT_EQ(first.flattened(), second.flattened());
  EXPECT_THAT(first.resolved(), HasSubstr("seed: 3  # --set run.seed"));
  EXPECT_THAT(first.resolved(), HasSubstr("# default"));
}

// docs/configuration.md is generated: rexbert config docs > docs/configuration.md
TEST(ReferencePageTest, IsUpToDate) {
  EXPECT_EQ(Env::posix().read_file(test::source_path("docs/configuration.md")),
            configuration_reference())
      << "run: build/release/bin/rexbert config docs > docs/configuration.md";
}

}  // namespace
}  // namespace rexbert::train
