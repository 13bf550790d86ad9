#include "train/start_weights.h"

#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/tile.h"

namespace rexbert::train {
namespace {

// Either says what the ids of a folder's model mean.
bool has_tokenizer(Env& env, const fs::path& folder) {
  return env.exists(folder / "tokenizer.json") || env.exists(folder / "rexbert_tokenizer.json");
}

}  // namespace

void require_tokenizer_of(Env& env, const fs::path& folder, const tokenizer::Tokenizer& run,
                          const std::string& path) {
  if (!has_tokenizer(env, folder)) {
    log::warning(str_cat(folder.string(), " has no tokenizer of its own: that in ", path,
                         " is taken for the one that it was trained with"));
    return;
  }
  const auto own = tokenizer::Tokenizer::load(env, folder);
  if (own.fingerprint() == run.fingerprint()) return;
  throw Error(ErrorCode::kIncompatible,
              str_cat(folder.string(), " was trained with another tokenizer (", own.fingerprint(),
                      ") than that in ", path, " (", run.fingerprint(), ")"));
}

void begin_weights(Env& env, const RunConfig& config, const tokenizer::Tokenizer& tokenizer,
                   nn::MaskedLanguageModel& model) {
  if (config.tile_from.empty()) return nn::initialize(model, config.run.seed);
  with_context("tile_from", [&] {
    const fs::path folder = ckpt::resolve_checkpoint(env, config.tile_from);
    require_tokenizer_of(env, folder, tokenizer, config.tokenizer.path);
    const hf::LoadedModel smaller = hf::load_model(env, folder);
    with_context(folder.string(), [&] { nn::initialize_from(model, *smaller.model); });
    log::info(str_cat("starting from the weights of ", folder.string(), ", tiled from ",
                      smaller.config.encoder.layers, " layers of ", smaller.config.encoder.hidden,
                      " to ", config.model.layers, " of ", config.model.hidden));
  });
}

}  // namespace rexbert::train
