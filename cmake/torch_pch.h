// The one precompiled header of all files that include LibTorch.
#include <torch/torch.h>
