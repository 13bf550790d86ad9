#pragma once

#include <unicode/utypes.h>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::tokenizer {

// Throws Error(kInternal) for a call of ICU that should not have failed.
inline void check_icu(UErrorCode status, const char* what) {
  if (U_FAILURE(status)) {
    throw Error(ErrorCode::kInternal, str_cat("ICU: ", what, ": ", u_errorName(status)));
  }
}

}  // namespace rexbert::tokenizer
