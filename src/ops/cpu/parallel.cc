#include "ops/cpu/parallel.h"

#include <omp.h>

#include "ops/cpu/kernels.h"

namespace rexbert::ops::cpu {

void run_tasks(int64_t count, Task task, const void* context) {
  if (count <= 1 || omp_in_parallel() != 0) {
    for (int64_t i = 0; i < count; ++i) task(context, i, omp_get_thread_num());
    return;
  }
  kernels();  // a wrong REXBERT_ISA must throw here: no exception may leave a parallel region
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < count; ++i) task(context, i, omp_get_thread_num());
}

int max_threads() { return omp_get_max_threads(); }

}  // namespace rexbert::ops::cpu
