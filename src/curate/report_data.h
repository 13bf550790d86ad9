#pragma once

#include "curate/report_sample.h"
#include "curate/stages.h"

namespace rexbert::curate {

// What became of everything, from what the stages left: docs/formats/curation-report.md. Throws
// Error(kNotFound) naming a stage that must come first, Error(kIncompatible) where the corpus is
// not that of the stages before it.
Json report_data(const StageContext& context, const ReportSampleOptions& options);

}  // namespace rexbert::curate
