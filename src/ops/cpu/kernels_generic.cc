#define REXBERT_ISA generic
#define REXBERT_ISA_NAME "generic"
#include "ops/cpu/kernels_impl.h"
