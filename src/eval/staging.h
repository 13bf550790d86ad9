#pragma once

#include "rexbert/eval/model_input.h"

// The halves of to_device(): an input's tensors as one, and back.
namespace rexbert::eval {

// Numbers in all tensors of the input together.
int64_t joined_size(const ModelInput& input);
// Copies them end to end into `joined`, int32 [joined_size].
void join(const ModelInput& input, const torch::Tensor& joined);
// `like` with its tensors replaced by views of `joined`, which join() filled from it.
ModelInput split(const torch::Tensor& joined, const ModelInput& like);

}  // namespace rexbert::eval
