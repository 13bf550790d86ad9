#define REXBERT_ISA avx2
#define REXBERT_ISA_NAME "avx2"
#include "ops/cpu/kernels_impl.h"
