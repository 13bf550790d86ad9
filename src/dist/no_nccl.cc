#include "dist/c10d_group.h"
#include "rexbert/core/error.h"

namespace rexbert::dist {

GroupPtr make_nccl(const StorePtr&, const Launch&, const GroupOptions&) {
  throw Error(
      ErrorCode::kUsage,
      "distributed.backend: nccl: this build is without CUDA and NCCL (cmake --preset cuda)");
}

}  // namespace rexbert::dist
