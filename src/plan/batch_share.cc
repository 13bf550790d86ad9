#include "rexbert/plan/batch_share.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::plan {

int64_t lanes_per_rank(int64_t lanes, int64_t ranks) {
  if (ranks > 0 && lanes % ranks == 0) return lanes / ranks;
  int64_t below = std::min(ranks, lanes);
  while (below > 0 && lanes % below != 0) --below;
  int64_t above = std::max<int64_t>(ranks, 1);
  while (above <= lanes && lanes % above != 0) ++above;
  std::string nearest = str_cat("nearest is ", below > 0 ? below : above);
  if (below > 0 && above <= lanes) nearest = str_cat("nearest are ", below, " and ", above);
  throw Error(ErrorCode::kUsage, str_cat("expected a number of ranks that divides the ", lanes,
                                         " lanes, got ", ranks, "; ", nearest));
}

BatchShare share_batch(int64_t batch_rows, int64_t context_length, int64_t micro_tokens,
                       int64_t ranks) {
  BatchShare share;
  share.batch_rows = batch_rows;
  share.rows = batch_rows / ranks;
  share.micro_rows = std::min(share.rows, std::max<int64_t>(1, micro_tokens / context_length));
  share.micro_batches = (share.rows + share.micro_rows - 1) / share.micro_rows;
  share.last_micro_rows = share.rows - (share.micro_batches - 1) * share.micro_rows;
  return share;
}

}  // namespace rexbert::plan
