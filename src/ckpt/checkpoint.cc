#include "rexbert/ckpt/checkpoint.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/hf/safetensors.h"

namespace rexbert::ckpt {
namespace {

constexpr const char* kFirstMoment = "exp_avg.";
constexpr const char* kSecondMoment = "exp_avg_sq.";

void take(std::map<std::string, at::Tensor>& stored, const std::string& name,
          const std::string& source, at::Tensor& out) {
  const auto found = stored.find(name);
  if (found == stored.end()) {
    throw Error(ErrorCode::kIncompatible, str_cat(source, ": tensor ", name, ": missing"));
  }
  if (found->second.sizes() != out.sizes() || found->second.scalar_type() != out.scalar_type()) {
    throw Error(ErrorCode::kIncompatible, str_cat(source, ": tensor ", name, ": expected shape ",
                                                  out.sizes(), ", got ", found->second.sizes()));
  }
  out.copy_(found->second);
  stored.erase(found);
}

}  // namespace

Json TrainerState::to_json() const {
  return {{"version", kTrainerStateVersion},
          {"step", step},
          {"rows", rows},
          {"tokens", tokens},
          {"optimizer_steps", optimizer_steps},
          {"peak_learning_rate", peak_learning_rate},
          {"phase", phase},
          {"phase_ended", phase_ended},
          {"run_ended", run_ended},
          {"start",
           {{"step", start.first_step},
            {"row", start.first_row},
            {"tokens", start.first_tokens},
            {"peak_learning_rate", start.peak_learning_rate}}},
          {"seed", seed},
          {"tokenizer_fingerprint", tokenizer_fingerprint},
          {"config", config},
          {"loader", loader}};
}

TrainerState TrainerState::from_json(const Json& json, const std::string& source) {
  const int version = json_get<int>(json, "version", source);
  if (version != kTrainerStateVersion) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(source, ": version: expected ", kTrainerStateVersion, ", got ", version));
  }
  TrainerState state;
  state.step = json_get<int64_t>(json, "step", source);
  state.rows = json_get<int64_t>(json, "rows", source);
  state.tokens = json_get<int64_t>(json, "tokens", source);
  state.optimizer_steps = json_get<int64_t>(json, "optimizer_steps", source);
  state.peak_learning_rate = json_get<double>(json, "peak_learning_rate", source);
  state.phase = json_get<std::string>(json, "phase", source);
  state.phase_ended = json_get<bool>(json, "phase_ended", source);
  state.run_ended = json_get<bool>(json, "run_ended", source);
  const Json begun = json_get<Json>(json, "start", source);
  state.start = {json_get<int64_t>(begun, "step", source), json_get<int64_t>(begun, "row", source),
                 json_get<int64_t>(begun, "tokens", source),
                 json_get<double>(begun, "peak_learning_rate", source)};
  state.seed = json_get<uint64_t>(json, "seed", source);
  state.tokenizer_fingerprint = json_get<std::string>(json, "tokenizer_fingerprint", source);
  state.config = json_get<std::map<std::string, std::string>>(json, "config", source);
  state.loader = json_get<Json>(json, "loader", source);
  return state;
}

void write_checkpoint(Env& env, const fs::path& folder, const nn::MaskedLanguageModel& model,
                      const hf::ModelConfig& config, optim::StableAdamW& optimizer,
                      const TrainerState& state,
                      const std::map<std::string, std::string>& tokenizer_files) {
  hf::save_model(env, model, config, folder);
  hf::NamedTensors moments;
  for (const auto& [name, moment] : optimizer.state()) {
    moments.emplace_back(kFirstMoment + name, moment.exp_avg);
    moments.emplace_back(kSecondMoment + name, moment.exp_avg_sq);
  }
  hf::write_safetensors(env, folder / kOptimizerFile, moments);
  for (const auto& [name, contents] : tokenizer_files) {
    write_synced_file(env, folder / name, contents);
  }
  write_synced_file(env, folder / kTrainerStateFile, state.to_json().dump(1) + "\n");
}

bool has_trainer_state(Env& env, const fs::path& folder) {
  return env.exists(folder / kTrainerStateFile);
}

TrainerState read_trainer_state(Env& env, const fs::path& folder) {
  const fs::path path = folder / kTrainerStateFile;
  return TrainerState::from_json(parse_json(env.read_file(path), path.string()), path.string());
}

void read_optimizer(Env& env, const fs::path& folder, optim::StableAdamW& optimizer) {
  const std::string source = (folder / kOptimizerFile).string();
  auto stored = hf::read_safetensors(env, folder / kOptimizerFile);
  for (auto& [name, moment] : optimizer.state()) {
    take(stored, kFirstMoment + name, source, moment.exp_avg);
    take(stored, kSecondMoment + name, source, moment.exp_avg_sq);
  }
  if (!stored.empty()) {
    throw Error(ErrorCode::kIncompatible, str_cat(source, ": tensor ", stored.begin()->first,
                                                  ": the model has no such parameter"));
  }
}

}  // namespace rexbert::ckpt
