#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"

// hf: reading and writing the files that Hugging Face's libraries read and write: safetensors,
// config.json and the tokenizer files. Every checkpoint of ours is such a folder.
namespace rexbert::hf {

using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Writes a safetensors file (https://github.com/huggingface/safetensors, "Format"): u64 header
// length, JSON header padded with spaces to a multiple of 8, then the tensors in the order given,
// C-order, little-endian. Same tensors, same bytes. Tensors may be on any device; dtypes f64, f32,
// f16, bf16, i64, i32, i16, i8, u8, bool. The file is synced.
void write_safetensors(Env& env, const fs::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

// Reads all tensors of a file into host memory of their own. A header that is too long, is not
// JSON, names an unknown dtype, or whose offsets overlap, leave gaps or reach past the file's end
// is Error(kCorrupt) with the path and the tensor's name.
std::map<std::string, at::Tensor> read_safetensors(Env& env, const fs::path& path);

// What a file says of itself; empty where it says nothing. Errors of the header as above.
std::map<std::string, std::string> read_safetensors_metadata(Env& env, const fs::path& path);

}  // namespace rexbert::hf
