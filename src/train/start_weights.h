#pragma once

#include "rexbert/core/env.h"
#include "rexbert/nn/model.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/run_config.h"

// What a run takes from models that are not its own checkpoints.
namespace rexbert::train {

// Throws Error(kIncompatible) where `folder` has a tokenizer that is not `run`, of which `path` is
// the config's. A folder without one says nothing; that is logged.
void require_tokenizer_of(Env& env, const fs::path& folder, const tokenizer::Tokenizer& run,
                          const std::string& path);

// The weights of a run that begins: drawn with run.seed, or those of the smaller model that
// tile_from names, tiled. Errors as ckpt::resolve_checkpoint(), hf::load_model() and
// nn::initialize_from().
void begin_weights(Env& env, const RunConfig& config, const tokenizer::Tokenizer& tokenizer,
                   nn::MaskedLanguageModel& model);

}  // namespace rexbert::train
