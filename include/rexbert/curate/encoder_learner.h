#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "rexbert/curate/line_classifier.h"

namespace rexbert::curate {

// Lines judged by an encoder: a head on the mean state of a line's tokens, which have seen the
// lines around them. The encoder stays as it is.
struct EncoderOptions {
  // Checkpoint folder of an encoder. Required.
  std::string checkpoint;
  // "cpu" or "cuda".
  std::string device = "cpu";
  // What activations are computed in: "f32" or "bf16".
  std::string precision = "f32";
  // Documents are read in windows of whole lines of at most so many tokens, [CLS] and [SEP]
  // included; what a single line has beyond is not read. Default 0: what the encoder was trained
  // on.
  int64_t context_length = 0;
  // Tokens computed at once; activation memory grows with it. Default 16,384.
  int64_t micro_tokens = 16'384;
  // Passes of the head over the labelled lines. Default 4.
  int epochs = 4;
  // Lines in an update of the head. Default 256.
  int64_t batch_lines = 256;
  // Of the head, falling to 0. Default 1e-3.
  double learning_rate = 1e-3;
  uint64_t seed = 17;
};

// Makes the learner; given by those who have a model, since this module has none.
using MakeEncoderLearner =
    std::function<std::unique_ptr<LineLearner>(Env& env, const EncoderOptions& options)>;

}  // namespace rexbert::curate
