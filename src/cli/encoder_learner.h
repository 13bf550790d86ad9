#pragma once

#include <memory>

#include "rexbert/curate/encoder_learner.h"

namespace rexbert::cli {

// Lets `curate`, which knows no LibTorch, judge lines by an encoder: infer::SpanEncoder makes a
// vector of each line, tasks::fit_span_head() learns a head for each domain. A classifier's file is
// the head (.head.safetensors), which names the encoder that it belongs to.
//
// The encoder is loaded when it is first needed. Vectors of labelled lines are kept, since every
// domain learns from the lines of all: 2 bytes x hidden each.
std::unique_ptr<curate::LineLearner> make_encoder_learner(Env& env,
                                                          const curate::EncoderOptions& options);

}  // namespace rexbert::cli
