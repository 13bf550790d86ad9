#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

#include "rexbert/core/env.h"

namespace rexbert::hf {

// Where a tensor is from, for messages.
struct StoredTensor {
  at::Tensor tensor;
  std::string file;
};

// The tensors of a model folder: those of model.safetensors, or of the files that
// model.safetensors.index.json names. Names are those of ModernBertForMaskedLM: the encoder's get
// "model." in front where they lack it, as in folders of ModernBertModel. Error(kCorrupt) where the
// index and a file disagree, naming the tensor.
std::map<std::string, StoredTensor> read_weight_files(Env& env, const fs::path& folder);

}  // namespace rexbert::hf
