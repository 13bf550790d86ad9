#pragma once

#include <algorithm>
#include <cstdint>

// The OpenMP threads that LibTorch uses too (at::set_num_threads). Work is cut the same way for any
// number of threads, so that results do not depend on it; who runs a piece is decided at run time.
namespace rexbert::ops::cpu {

using Task = void (*)(const void* context, int64_t index, int thread);

void run_tasks(int64_t count, Task task, const void* context);
// The most threads run_tasks uses; thread numbers are below it.
int max_threads();

// body(index, thread) for index in [0, count).
template <class Body>
void parallel_tasks(int64_t count, const Body& body) {
  run_tasks(
      count,
      [](const void* context, int64_t index, int thread) {
        (*static_cast<const Body*>(context))(index, thread);
      },
      &body);
}

// body(begin, end) over pieces of `grain` of [0, count).
template <class Body>
void parallel_ranges(int64_t count, int64_t grain, const Body& body) {
  parallel_tasks((count + grain - 1) / grain, [&](int64_t piece, int) {
    body(piece * grain, std::min(count, (piece + 1) * grain));
  });
}

// Rows of row-wise kernels that a thread takes at a time.
inline constexpr int64_t kRowGrain = 64;
// Elements of flat kernels that a thread takes at a time.
inline constexpr int64_t kFlatGrain = 1 << 15;

}  // namespace rexbert::ops::cpu
