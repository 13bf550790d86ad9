#pragma once

namespace rexbert::ops {

// Makes the C library keep freed memory for the next step instead of handing it back to the system,
// which would have to clear every page again: 5% of a small model's step. The process then stays at
// its peak size. And lets tensors on the CPU lie in plain blocks, aligned within, which fit where
// others of their size were. For programs that train; call it before the first tensor and thread.
// Does nothing where the C library is not glibc.
void keep_freed_memory();

}  // namespace rexbert::ops
