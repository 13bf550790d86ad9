#include "rexbert/curate/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

const fs::path kSource = REXBERT_SOURCE_DIR;

TEST(CurateConfig, TheShippedOneIsValid) {
  const CurateConfig config =
      load_curate_config(Env::posix(), kSource / "configs" / "curate" / "ecom.yaml");
  EXPECT_EQ(config.input.dataset, "finefineweb");
  EXPECT_EQ(config.label.kind, LabellerKind::kWeak);
}

TEST(CurateConfig, ThePageOfAllKeysIsUpToDate) {
  EXPECT_EQ(Env::posix().read_file(kSource / "docs" / "curation-configuration.md"),
            curate_configuration_reference())
      << "run: rexbert curate docs > docs/curation-configuration.md";
}

TEST(CurateConfig, EveryMistakeIsNamed) {
  const test::TemporaryDirectory directory;
  publish_file(Env::posix(), directory / "c.yaml", R"(run: {directory: out}
input: {paths: [a], on_error: ignore}
label: {labeler: weak}
audit: {labeller: weak, file: labels.jsonl}
classifier: {precision: 1.5}
)");
  EXPECT_THAT(
      test::error_of([&] { load_curate_config(Env::posix(), directory / "c.yaml"); }),
      AllOf(
          HasSubstr("c.yaml:2: input.on_error: expected one of stop, skip, got \"ignore\""),
          HasSubstr("c.yaml:3: label.labeler: unknown key; did you mean labeller?"),
          HasSubstr("c.yaml:4: audit.file: has no effect"),
          HasSubstr("c.yaml:5: classifier.precision: expected a number above 0 and up to 1, got")));
}

}  // namespace
}  // namespace rexbert::curate
