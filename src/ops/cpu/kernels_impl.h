// The kernels for the instruction set of the including file, which names it REXBERT_ISA. There is
// no include guard: this is source, compiled once a set.
#include "ops/cpu/kernels.h"

namespace rexbert::ops::cpu::REXBERT_ISA {
namespace {

#include "ops/cpu/vec.h"

#include "ops/cpu/gemm.h"

#include "ops/cpu/attention.h"

#include "ops/cpu/rows.h"

#include "ops/cpu/loss.h"

}  // namespace

extern const Kernels kKernels = {
    REXBERT_ISA_NAME,
    attention_pack,
    attention_forward,
    attention_backward,
    layer_norm,
    layer_norm_backward,
    geglu,
    geglu_backward,
    dropout_add,
    add,
    scale,
    softmax_block,
    score_row,
    weighted_column_sum,
    adam_moments,
    adam_update,
    sum_of_squares,
};

}  // namespace rexbert::ops::cpu::REXBERT_ISA
