#pragma once

#include "rexbert/config/codec.h"

namespace rexbert::infer {

// What of the last layer's states stands for a text: that of [CLS], or the mean of all tokens,
// [CLS] and [SEP] included, as in sentence-transformers.
enum class Pooling { kCls, kMean };
config::EnumNames<Pooling> names_of(Pooling);

}  // namespace rexbert::infer
