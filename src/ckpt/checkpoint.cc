#include "rexbert/ckpt/checkpoint.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/model_folder.h"

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

void copy_to_host(const at::Tensor& live, std::string name,
                  std::pair<std::string, at::Tensor>& copy) {
  copy.first = std::move(name);
  at::Tensor& host = copy.second;
  const bool fits =
      host.defined() && host.sizes() == live.sizes() && host.scalar_type() == live.scalar_type();
  if (!fits) host = at::empty(live.sizes(), at::dtype(live.scalar_type()));
  host.copy_(live);
}

}  // namespace

Json to_json(const plan::PlanStart& start) {
  return {{"step", start.first_step},
          {"row", start.first_row},
          {"tokens", start.first_tokens},
          {"peak_learning_rate", start.peak_learning_rate}};
}

plan::PlanStart plan_start_from_json(const Json& json, const std::string& source) {
  return {json_get<int64_t>(json, "step", source), json_get<int64_t>(json, "row", source),
          json_get<int64_t>(json, "tokens", source),
          json_get<double>(json, "peak_learning_rate", source)};
}

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
          {"start", ckpt::to_json(start)},
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
  state.start = plan_start_from_json(json_get<Json>(json, "start", source), source);
  state.seed = json_get<uint64_t>(json, "seed", source);
  state.tokenizer_fingerprint = json_get<std::string>(json, "tokenizer_fingerprint", source);
  state.config = json_get<std::map<std::string, std::string>>(json, "config", source);
  state.loader = json_get<Json>(json, "loader", source);
  return state;
}

void Snapshot::copy_tensors(const torch::nn::Module& model, optim::StableAdamW& optimizer) {
  const torch::NoGradGuard no_grad;
  const auto parameters = model.named_parameters();
  weights.resize(parameters.size());
  auto weight = weights.begin();
  for (const auto& parameter : parameters) {
    copy_to_host(parameter.value(), parameter.key(), *weight++);
  }
  moments.resize(2 * optimizer.state().size());
  auto moment = moments.begin();
  for (const auto& [name, live] : optimizer.state()) {
    copy_to_host(live.exp_avg, kFirstMoment + name, *moment++);
    copy_to_host(live.exp_avg_sq, kSecondMoment + name, *moment++);
  }
}

void write_checkpoint(Env& env, const fs::path& folder, const Snapshot& snapshot) {
  hf::save_model(env, snapshot.weights, snapshot.config, folder);
  hf::write_safetensors(env, folder / kOptimizerFile, snapshot.moments);
  for (const auto& [name, contents] : snapshot.tokenizer_files) {
    write_synced_file(env, folder / name, contents);
  }
  write_synced_file(env, folder / kTrainerStateFile, snapshot.state.to_json().dump(1) + "\n");
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
