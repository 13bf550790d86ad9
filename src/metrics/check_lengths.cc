#include "metrics/check_lengths.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::metrics {

void check_lengths(size_t truth, size_t predicted, size_t least) {
  if (truth != predicted) {
    throw Error(ErrorCode::kUsage,
                str_cat("expected lists of one length, got ", truth, " and ", predicted));
  }
  if (truth < least) {
    throw Error(ErrorCode::kUsage, str_cat("expected at least ", least,
                                           least == 1 ? " example" : " examples", ", got ", truth));
  }
}

}  // namespace rexbert::metrics
