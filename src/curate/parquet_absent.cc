// Stands for parquet_source.cc in a build without Arrow.

#include "curate/source_base.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {

bool parquet_available() { return false; }

SourcePointer open_parquet_source(Env&, const fs::path& path, const SourceOptions&,
                                  text::OnBadLine) {
  throw Error(ErrorCode::kUsage,
              str_cat(path.string(), ": this build does not read Parquet: run scripts/setup.sh ",
                      "--parquet and configure again with -DREXBERT_PARQUET=ON"));
}

}  // namespace rexbert::curate
