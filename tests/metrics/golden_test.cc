#include <gtest/gtest.h>

#include "metrics/metric_cases.h"
#include "rexbert/core/env.h"
#include "support/paths.h"

namespace rexbert::metrics::test {
namespace {

TEST(MetricsGolden, AreThoseOfTheReferences) {
  const fs::path path = rexbert::test::source_path("tests/golden/metrics.json");
  const Json cases = parse_json(Env::posix().read_file(path), path.string());
  EXPECT_GE(cases.size(), 50u);
  for (const std::string& difference : differences(cases)) ADD_FAILURE() << difference;
}

}  // namespace
}  // namespace rexbert::metrics::test
