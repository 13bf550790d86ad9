#pragma once

#include <functional>

#include "curate/evaluation_index.h"
#include "rexbert/curate/decontaminate.h"

namespace rexbert::curate {

// decontaminate() for one job of several with the same evaluation files: index() gives what is
// looked for in all of them, and is called only where something is left to do.
DecontaminateSummary decontaminate(Env& env, const DecontaminateJob& job,
                                   const DecontaminateOptions& options,
                                   const std::function<const EvaluationIndex&()>& index);

}  // namespace rexbert::curate
