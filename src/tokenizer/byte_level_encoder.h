#pragma once

#include <memory>
#include <string>

#include "rexbert/core/json.h"
#include "tokenizer/encoder.h"
#include "tokenizer/tokenizer_json.h"

namespace rexbert::tokenizer {

// The encoder of a tokenizer.json. Throws Error(kIncompatible) naming `source` for a regular
// expression that cannot be used.
std::unique_ptr<const Encoder> make_byte_level_encoder(const ByteLevelBpe& spec,
                                                       const std::string& source);

Vocabulary make_vocabulary(const ByteLevelBpe& spec);

// 32 hexadecimal digits over all that decides ids, however the file writes it.
std::string compute_fingerprint(const ByteLevelBpe& spec);

// What the tokenizer is, for people.
Json summarize(const ByteLevelBpe& spec);

}  // namespace rexbert::tokenizer
