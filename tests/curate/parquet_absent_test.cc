#include <gmock/gmock.h>

#include "curate/source_test_util.h"

namespace rexbert::curate {
namespace {

class Parquet : public SourceTest {};

TEST_F(Parquet, IsRefusedByABuildWithoutIt) {
  EXPECT_FALSE(parquet_available());
  const fs::path path = write("a.parquet", "PAR1");
  EXPECT_EQ(test::error_of([&] { read_source(path); }),
            "usage error: " + path.string() +
                ": this build does not read Parquet: run scripts/setup.sh --parquet and configure "
                "again with -DREXBERT_PARQUET=ON");
}

TEST_F(Parquet, GivesTheDocumentsOfJsonLines) {
  GTEST_SKIP() << "this build does not read Parquet (scripts/setup.sh --parquet)";
}

}  // namespace
}  // namespace rexbert::curate
