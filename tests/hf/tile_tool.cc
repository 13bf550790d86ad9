// Writes to LARGER, a folder with the config.json of a larger model, the weights that tiling the
// model of the folder SMALLER gives it, for tools/oracle/check_tiling.py.
//
//   rexbert_hf_tile SMALLER LARGER

#include <cstdio>
#include <exception>

#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/tile.h"

namespace rexbert::hf {
namespace {

void tile(Env& env, const fs::path& smaller, const fs::path& larger) {
  const LoadedModel from = load_model(env, smaller);
  const ModelConfig config = load_model_config(env, larger);
  nn::MaskedLanguageModel to(config.encoder);
  nn::initialize_from(to, *from.model);
  NamedTensors weights;
  for (const auto& parameter : to.named_parameters()) {
    weights.emplace_back(parameter.key(), parameter.value().detach());
  }
  save_model(env, weights, config, larger);
}

}  // namespace
}  // namespace rexbert::hf

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: rexbert_hf_tile SMALLER LARGER\n");
    return 2;
  }
  try {
    rexbert::hf::tile(rexbert::Env::posix(), argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
