#pragma once

#include "rexbert/core/json.h"
#include "tokenizer/model_proto.h"

// The files with which Hugging Face transformers loads a tokenizer folder.
namespace rexbert::tokenizer {

// tokenizer.json of the `tokenizers` library: the same ids as ours on text without special tokens.
Json make_tokenizer_json(const Model& model);
Json make_tokenizer_config();
Json make_special_tokens_map();

}  // namespace rexbert::tokenizer
