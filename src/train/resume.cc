#include "train/resume.h"

#include <set>

#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/train/checkpoint_mirror.h"

namespace rexbert::train {
namespace {

// Index of the phase that a key belongs to, -1 for keys of no phase.
int phase_of_key(const std::string& key) {
  constexpr std::string_view kPrefix = "phases[";
  if (!key.starts_with(kPrefix)) return -1;
  return std::stoi(key.substr(kPrefix.size()));
}

bool breaks_continuation(const std::string& key, int phase) {
  static const std::vector<std::string> kPrefixes = {"model.",     "optimizer.",       "run.seed",
                                                     "data.lanes", "data.window_rows", "salience",
                                                     "start_from", "tile_from"};
  const int key_phase = phase_of_key(key);
  if (key_phase >= 0) return key_phase <= phase && !key.ends_with("].name");
  if (key == "model.preset") return false;  // its fields are compared
  for (const std::string& prefix : kPrefixes) {
    if (key.starts_with(prefix)) return true;
  }
  return false;
}

void report_platform(Env& env, const fs::path& folder, const ckpt::Platform& now) {
  const auto then = ckpt::Manifest::load(env, folder).platform;
  const auto differences = then.differences(now);
  if (differences.empty()) return;
  log::warning(str_cat("the checkpoint was written elsewhere (", str_join(differences, "; "),
                       "): the run goes on, but not bit for bit as it would have there"));
}

// Not all that makes a model shows in the shapes of its weights.
void require_same_model(const nn::EncoderConfig& then, const nn::EncoderConfig& now,
                        const fs::path& folder) {
  const auto require = [&](const char* key, auto before, auto after) {
    if (before == after) return;
    throw Error(ErrorCode::kConfig, str_cat("model.", key, ": expected ", before, " as in ",
                                            (folder / "config.json").string(), ", got ", after));
  };
  require("vocabulary_size", then.vocabulary, now.vocabulary);
  require("hidden_size", then.hidden, now.hidden);
  require("intermediate_size", then.intermediate, now.intermediate);
  require("layers", then.layers, now.layers);
  require("attention_heads", then.heads, now.heads);
  require("global_every", then.global_every, now.global_every);
  require("local_window", then.local_window, now.local_window);
  require("norm_epsilon", then.norm_eps, now.norm_eps);
}

Origin resumed_from(Env& env, const LoadedConfig& loaded, const fs::path& folder,
                    const ckpt::Platform& now) {
  Origin origin;
  origin.kind = Origin::Kind::kResumed;
  origin.folder = folder;
  origin.state = ckpt::read_trainer_state(env, folder);
  origin.start = origin.state.start;
  origin.longest_context = hf::load_model_config(env, folder).max_position_embeddings;
  const plan::Plan plan(loaded.config.plan_options(origin.start));
  if (origin.state.step > plan.end_step()) {
    throw Error(ErrorCode::kConfig,
                str_cat("phases: they end at step ", plan.end_step(), ", but ", folder.string(),
                        " is at step ", origin.state.step, " in phase ", origin.state.phase));
  }
  const int64_t last = origin.state.step - 1;
  const int phase = last < plan.first_step() ? 0 : plan.at(last).phase;
  const auto changes = breaking_changes(origin.state.config, loaded.flattened(), phase);
  if (!changes.empty()) {
    throw Error(ErrorCode::kConfig,
                str_cat("the config no longer continues ", folder.string(), ":\n  ",
                        str_join(changes, "\n  "),
                        "\nuse the values it was begun with, or another run.directory"));
  }
  log::info(str_cat("resuming at step ", origin.state.step, " from ", folder.string()));
  report_platform(env, folder, now);
  return origin;
}

Origin continued_from(Env& env, const LoadedConfig& loaded, const ckpt::Platform& now) {
  const RunConfig& config = loaded.config;
  Origin origin;
  origin.folder = resolve_start(env, config.start_from);
  const hf::ModelConfig model = hf::load_model_config(env, origin.folder);
  require_same_model(model.encoder, config.model, origin.folder);
  origin.longest_context = model.max_position_embeddings;
  if (!ckpt::has_trainer_state(env, origin.folder)) {
    origin.kind = Origin::Kind::kWeightsOnly;
    log::info(str_cat("starting from the weights of ", origin.folder.string()));
    return origin;
  }
  origin.kind = Origin::Kind::kContinued;
  origin.state = ckpt::read_trainer_state(env, origin.folder);
  if (origin.state.seed != config.run.seed) {
    log::warning(str_cat("run.seed is ", config.run.seed, " and was ", origin.state.seed, " in ",
                         origin.folder.string(),
                         ": another order of the data, read from its start"));
    origin.state.loader = nullptr;
  }
  if (!origin.state.run_ended) {
    log::warning(str_cat(origin.folder.string(), " is not the end of its run: it stopped in phase ",
                         origin.state.phase, " at step ", origin.state.step));
  }
  origin.start = {origin.state.step, origin.state.rows, origin.state.tokens,
                  origin.state.peak_learning_rate};
  log::info(str_cat("continuing at step ", origin.state.step, " from ", origin.folder.string()));
  report_platform(env, origin.folder, now);
  return origin;
}

}  // namespace

Json Origin::to_json() const {
  return {{"kind", static_cast<int>(kind)},
          {"folder", folder.string()},
          {"state", state.to_json()},
          {"start", ckpt::to_json(start)},
          {"longest_context", longest_context}};
}

Origin Origin::from_json(const Json& json) {
  const std::string source = "where rank 0 starts";
  Origin origin;
  origin.kind = static_cast<Kind>(json_get<int>(json, "kind", source));
  origin.folder = json_get<std::string>(json, "folder", source);
  origin.state = ckpt::TrainerState::from_json(json_get<Json>(json, "state", source), source);
  origin.start = ckpt::plan_start_from_json(json_get<Json>(json, "start", source), source);
  origin.longest_context = json_get<int64_t>(json, "longest_context", source);
  return origin;
}

fs::path checkpoint_directory(const RunConfig& config) {
  return fs::path(config.run.directory) / "checkpoints";
}

fs::path resolve_start(Env& env, const std::string& start_from) {
  return with_context("start_from", [&] { return ckpt::resolve_checkpoint(env, start_from); });
}

std::vector<std::string> breaking_changes(const std::map<std::string, std::string>& then,
                                          const std::map<std::string, std::string>& now,
                                          int phase) {
  std::set<std::string> keys;
  for (const auto& [key, value] : then) keys.insert(key);
  for (const auto& [key, value] : now) keys.insert(key);
  const auto text = [](const std::map<std::string, std::string>& values, const std::string& key) {
    const auto found = values.find(key);
    return found == values.end() || found->second.empty() ? std::string("not set") : found->second;
  };
  std::vector<std::string> changes;
  for (const std::string& key : keys) {
    if (!breaks_continuation(key, phase) || text(then, key) == text(now, key)) continue;
    changes.push_back(str_cat(key, ": ", text(then, key), " then, ", text(now, key), " now"));
  }
  return changes;
}

Origin find_origin(Env& env, const LoadedConfig& loaded, const std::string& resume, int ranks) {
  const auto now = ckpt::Platform::current(loaded.config.run.device, ranks);
  const ckpt::CheckpointStore store(env, checkpoint_directory(loaded.config));
  if (resume != "auto" && resume != "none") {
    if (!env.exists(resume)) {
      throw Error(ErrorCode::kNotFound, str_cat("--resume ", resume, ": no such folder"));
    }
    if (const auto damage = ckpt::find_damage(env, resume)) {
      throw Error(ErrorCode::kCorrupt, str_cat("--resume ", resume, ": ", *damage));
    }
    return resumed_from(env, loaded, resume, now);
  }
  const std::vector<int64_t> steps = store.steps();
  if (resume == "none" && !steps.empty()) {
    throw Error(ErrorCode::kUsage, str_cat("--resume none: ", store.directory().string(),
                                           " holds checkpoints up to step ", steps.back(),
                                           "; remove them or choose another run.directory"));
  }
  const std::string& mirror = loaded.config.checkpoint.mirror;
  if (steps.empty() && resume == "auto" && !mirror.empty()) {
    with_context("checkpoint.mirror",
                 [&] { restore_checkpoint(env, mirror, checkpoint_directory(loaded.config)); });
  }
  if (const auto found = store.newest_valid()) return resumed_from(env, loaded, found->folder, now);
  if (!steps.empty()) {
    throw Error(
        ErrorCode::kCorrupt,
        str_cat("no checkpoint in ", store.directory().string(), " is whole; remove them to ",
                mirror.empty() ? "begin again" : "go on from checkpoint.mirror",
                ", or choose another run.directory"));
  }
  if (!loaded.config.start_from.empty()) return continued_from(env, loaded, now);
  return {};
}

}  // namespace rexbert::train
