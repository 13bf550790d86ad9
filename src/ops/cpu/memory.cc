#include "rexbert/ops/memory.h"

#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace rexbert::ops {

void keep_freed_memory() {
#ifdef __GLIBC__
  constexpr int kNever = -1;  // as a size: larger than any
  constexpr int kGrowth = 64 << 20;
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, kNever);
  mallopt(M_TOP_PAD, kGrowth);
#endif
}

}  // namespace rexbert::ops
