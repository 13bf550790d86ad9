#pragma once

#include <string>

#include "rexbert/core/env.h"

namespace rexbert::ckpt {

// README.md of a model on the Hugging Face hub, in Markdown with its YAML head: shape, how it is
// used, and for a checkpoint what it was trained on, its phases and the last evaluation before it
// in the run's metrics.jsonl. `name`: of the model. Errors as hf::load_model_config() and
// read_trainer_state().
std::string model_card(Env& env, const fs::path& folder, const std::string& name);

}  // namespace rexbert::ckpt
