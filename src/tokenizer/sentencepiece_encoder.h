#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tokenizer/encoder.h"
#include "tokenizer/model_proto.h"

namespace rexbert::tokenizer {

// The encoder of a folder that train() made, from the bytes of its model and the same model parsed.
// Throws Error(kCorrupt) naming `source` where SentencePiece does not take them.
std::unique_ptr<const Encoder> make_sentencepiece_encoder(const std::string& bytes,
                                                          const Model& model,
                                                          const std::string& source);

Vocabulary make_vocabulary(const Model& model);

}  // namespace rexbert::tokenizer
