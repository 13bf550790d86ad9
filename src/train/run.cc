#include "rexbert/train/run.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "rexbert/batch/loader.h"
#include "rexbert/batch/stream_source.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/core/version.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/device.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/callbacks.h"
#include "train/consistency.h"
#include "train/resume.h"
#include "train/start_weights.h"

namespace rexbert::train {
namespace {

tokenizer::Tokenizer load_tokenizer(Env& env, const RunConfig& config) {
  tokenizer::Tokenizer loaded = with_context(
      "tokenizer.path", [&] { return tokenizer::Tokenizer::load(env, config.tokenizer.path); });
  if (loaded.vocabulary_size() != config.model.vocabulary) {
    throw Error(ErrorCode::kConfig,
                str_cat("model.vocabulary_size: expected ", loaded.vocabulary_size(),
                        ", that of the tokenizer in ", config.tokenizer.path, ", got ",
                        config.model.vocabulary));
  }
  return loaded;
}

std::optional<batch::SalienceTable> load_salience(Env& env, const RunConfig& config,
                                                  const tokenizer::Tokenizer& tokenizer) {
  if (config.salience.empty()) return std::nullopt;
  batch::SalienceTable table =
      with_context("salience", [&] { return batch::SalienceTable::load(env, config.salience); });
  with_context(str_cat("salience: ", config.salience), [&] {
    table.require_tokenizer(tokenizer.fingerprint(), tokenizer.vocabulary_size());
  });
  return table;
}

std::vector<EvaluationCallback::Stream> open_evaluation(Env& env, const RunConfig& config,
                                                        const tokenizer::Tokenizer& tokenizer) {
  std::vector<EvaluationCallback::Stream> streams;
  for (const auto& [name, options] : config.evaluation.streams) {
    streams.push_back({name, with_context(str_cat("evaluation.streams.", name), [&] {
                         return batch::open_tokens(
                             env, options, batch::identity_of(tokenizer, config.tokenizer.path));
                       })});
  }
  return streams;
}

class StopAtStep final : public Callback {
 public:
  explicit StopAtStep(int64_t step) : step_(step) {}
  void step_done(Trainer& trainer, const StepResult& result) override {
    if (result.steps_done() >= step_) trainer.request_stop();
  }

 private:
  int64_t step_;
};

// The objects of one run, in the order in which they depend on each other.
class Run {
 public:
  Run(Env& env, const LoadedConfig& loaded, const RunRequest& request, dist::ProcessGroup& group,
      c10::Device device)
      : env_(env),
        group_(group),
        device_(device),
        loaded_(loaded),
        config_(loaded.config),
        directory_(config_.run.directory),
        tokenizer_(load_tokenizer(env, config_)),
        tokenizer_files_(tokenizer::read_tokenizer_files(env, config_.tokenizer.path)),
        streams_(batch::open_streams(env, config_.streams, config_.data.lanes,
                                     batch::identity_of(tokenizer_, config_.tokenizer.path))),
        evaluation_(open_evaluation(env, config_, tokenizer_)),
        salience_(load_salience(env, config_, tokenizer_)),
        origin_(agree_on_origin(request.resume)),
        plan_(config_.plan_options(origin_.start)),
        first_step_(origin_.kind == Origin::Kind::kResumed ? origin_.state.step
                                                           : plan_.first_step()) {
    check_tokenizer_of_origin();
    require_same(group_, facts());
    if (is_first()) publish_file(env_, directory_ / "config.yaml", loaded_.resolved());
    check_directory_is_shared();
  }

  RunEnd train(const RunRequest& request) {
    if (first_step_ >= plan_.end_step() && !has_pending_suite()) {
      log::info(str_cat("the run is already done: step ", first_step_, " of ", plan_.end_step(),
                        " in ", origin_.folder.string()));
      return RunEnd::kFinished;
    }
    if (request.stop_at_step > 0 && first_step_ >= request.stop_at_step) {
      log::info(str_cat("nothing to do: step ", first_step_, " is done"));
      return RunEnd::kStopped;
    }
    make_model();
    make_loader(request);
    const bool resumed = origin_.kind == Origin::Kind::kResumed;
    if (is_first() && resumed) set_later_checkpoints_aside();
    MetricsLog metrics = is_first() ? MetricsLog(env_, directory_, resumed ? first_step_ : 0,
                                                 config_.logging.tensorboard)
                                    : MetricsLog();
    MaskedLanguageModeling objective(model_, config_.run.seed);
    Trainer trainer({.plan = plan_,
                     .loader = *loader_,
                     .objective = objective,
                     .optimizer = *optimizer_,
                     .parameters = model_->parameters(),
                     .group = group_,
                     .reducer = config_.distributed.reducer(),
                     .stream_names = config_.stream_names(),
                     .forensics_directory = directory_},
                    make_callbacks(metrics, request), first_step_);
    log_start();
    return trainer.run(request.stop_requested ? request.stop_requested : [] { return false; });
  }

 private:
  bool is_first() const { return group_.rank() == 0; }

  // Rank 0 alone looks at checkpoints; the others need not see its disk.
  Origin agree_on_origin(const std::string& resume) {
    if (!is_first()) return Origin::from_json(Json::parse(group_.broadcast("")));
    Origin origin = find_origin(env_, loaded_, resume, group_.world_size());
    group_.broadcast(origin.to_json().dump());
    return origin;
  }

  // What must be equal on all ranks. Where files lie may differ from machine to machine.
  Facts facts() const {
    Facts facts = loaded_.flattened();
    std::erase_if(facts, [](const auto& fact) {
      const std::string& key = fact.first;
      return key == "run.directory" || key == "run.threads" || key == "start_from" ||
             key == "tile_from" || key == "salience" || key == "distributed.interface" ||
             key.ends_with(".path") || key.ends_with(".lookahead") ||
             key.find(".cache.") != std::string::npos;
    });
    facts["the tokenizer's fingerprint"] = tokenizer_.fingerprint();
    for (const auto& stream : streams_) {
      facts["the shards of stream " + stream->name()] = stream->slices().fingerprint;
    }
    for (const auto& [name, tokens] : evaluation_) {
      facts["the held-out shards of " + name] = hash_hex("xxh3_64", tokens.index().dump());
    }
    if (salience_) facts["the salience table"] = hash_of_file(config_.salience);
    facts["the version of RexBERT"] = kVersion;
    return facts;
  }

  std::string hash_of_file(const fs::path& path) const {
    return hash_hex("xxh3_64", env_.read_file(path));
  }

  void check_directory_is_shared() {
    if (group_.world_size() == 1) return;
    const fs::path mark = directory_ / str_cat(".seen-by-rank-0-", group_.broadcast(first_mark()));
    if (is_first()) publish_file(env_, mark, "");
    group_.barrier();
    std::vector<std::string> apart;
    const auto seen = group_.all_gather(env_.exists(mark) ? "yes" : "no");
    for (size_t rank = 0; rank < seen.size(); ++rank) {
      if (seen[rank] == "no") apart.push_back(std::to_string(rank));
    }
    if (is_first()) env_.remove_file(mark);
    if (apart.empty()) return;
    log::info(str_cat(directory_.string(), " is not shared with rank ", str_join(apart, ", "),
                      ": checkpoints and metrics lie with rank 0, each rank's log with the rank"));
  }

  // Another file of that name may lie where the folder is not shared.
  static std::string first_mark() {
    return std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  }

  void check_tokenizer_of_origin() {
    if (is_first() && origin_.kind == Origin::Kind::kWeightsOnly) {
      with_context("start_from", [&] {
        require_tokenizer_of(env_, origin_.folder, tokenizer_, config_.tokenizer.path);
      });
    }
    const std::string& then = origin_.state.tokenizer_fingerprint;
    if (then.empty() || then == tokenizer_.fingerprint()) return;
    throw Error(
        ErrorCode::kIncompatible,
        str_cat(origin_.folder.string(), " was trained with another tokenizer (", then,
                ") than that in ", config_.tokenizer.path, " (", tokenizer_.fingerprint(), ")"));
  }

  // There are later ones when --resume named an earlier one.
  void set_later_checkpoints_aside() {
    ckpt::CheckpointStore store(env_, checkpoint_directory(config_));
    for (const std::string& name : store.set_aside_from(first_step_, origin_.folder)) {
      log::warning(str_cat((store.directory() / name).string(),
                           ": set aside, as the run goes on from step ", first_step_));
    }
  }

  void make_model() {
    model_ = std::make_shared<nn::MaskedLanguageModel>(config_.model);
    model_->to(device_);
    model_->set_precision(config_.run.device_precision());
    optimizer_ = std::make_unique<optim::StableAdamW>(
        model_->named_parameters(),
        optim::StableAdamWOptions{.beta1 = config_.optimizer.betas[0],
                                  .beta2 = config_.optimizer.betas[1],
                                  .epsilon = config_.optimizer.epsilon,
                                  .max_learning_rate = plan_.peak_learning_rate()});
    const bool has_moments =
        origin_.kind == Origin::Kind::kResumed || origin_.kind == Origin::Kind::kContinued;
    if (is_first()) {
      if (origin_.kind == Origin::Kind::kFresh) {
        begin_weights(env_, config_, tokenizer_, *model_);
      } else {
        hf::load_weights(env_, origin_.folder, *model_);
      }
      if (has_moments) ckpt::read_optimizer(env_, origin_.folder, *optimizer_);
    }
    group_.broadcast(model_->parameters());
    if (!has_moments) return;
    std::vector<torch::Tensor> moments;
    for (const auto& [name, state] : optimizer_->state()) {
      moments.push_back(state.exp_avg);
      moments.push_back(state.exp_avg_sq);
    }
    group_.broadcast(moments);
    optimizer_->set_steps(origin_.state.optimizer_steps);
  }

  void make_loader(const RunRequest& request) {
    const batch::Masker masker(config_.run.seed, batch::MaskVocabulary::from(tokenizer_),
                               salience_);
    batch::LoaderState state;
    state.next_step = first_step_;
    if (!origin_.state.loader.is_null()) {
      state = batch::LoaderState::parse(origin_.state.loader.dump(), origin_.folder.string());
    }
    loader_ = std::make_unique<batch::Loader>(
        batch::LoaderSetup{
            .streams = streams_,
            .step_at = [this](int64_t step) { return plan_.at(step); },
            .end_step = plan_.end_step(),
            .mask = [masker](const plan::MaskingSpec& spec,
                             batch::PackedBatch& packed) { masker.apply(spec, packed); },
            .options = config_.data,
            // Many ranks finish the step that they are in, as all have to stop after the same one.
            .stop_requested =
                group_.world_size() == 1 ? request.stop_requested : std::function<bool()>(),
            .seed = config_.run.seed,
            .rank = group_.rank(),
            .world = group_.world_size()},
        std::move(state));
  }

  std::vector<std::unique_ptr<Callback>> make_callbacks(MetricsLog& metrics,
                                                        const RunRequest& request) {
    std::vector<std::unique_ptr<Callback>> callbacks;
    if (request.stop_at_step > 0) {
      callbacks.push_back(std::make_unique<StopAtStep>(request.stop_at_step));
    }
    callbacks.push_back(std::make_unique<LoggingCallback>(config_.logging, metrics));
    callbacks.push_back(std::make_unique<ConsistencyCallback>(
        *model_, config_.distributed.check_every_steps, layout_of_origin()));
    if (!evaluation_.empty()) {
      callbacks.push_back(std::make_unique<EvaluationCallback>(
          *model_, evaluation_,
          batch::Masker(eval::kEvaluationSeed, batch::MaskVocabulary::from(tokenizer_)),
          config_.evaluation, config_.data.micro_tokens, metrics));
    }
    if (request.make_callbacks) {
      for (auto& callback : request.make_callbacks()) callbacks.push_back(std::move(callback));
    }
    callbacks.push_back(std::make_unique<CheckpointCallback>(
        ckpt::CheckpointStore(env_, checkpoint_directory(config_)), config_.checkpoint,
        ckpt::Platform::current(config_.run.device, group_.world_size()), metrics,
        [this](const StepResult& result, const batch::LoaderState& loader,
               ckpt::Snapshot& snapshot) { take_snapshot(result, loader, snapshot); }));
    // Behind the checkpoint: a suite that ends the process costs no training.
    if (!config_.evaluation.suite.empty()) {
      callbacks.push_back(std::make_unique<SuiteCallback>(SuiteCallback::Parts{
          .env = env_,
          .metrics = metrics,
          .options = config_.evaluation,
          .directory = suite_directory(),
          .device = config_.run.device,
          .precision = config_.run.device_precision(),
          .save_model = [this](const StepResult& result,
                               const fs::path& folder) { save_model(result, folder); },
          .score = request.score_suite,
          .stop_requested = request.stop_requested}));
    }
    return callbacks;
  }

  // All ranks give the same answer.
  bool has_pending_suite() {
    if (config_.evaluation.suite.empty()) return false;
    return group_.broadcast(SuiteCallback::has_pending(env_, suite_directory()) ? "yes" : "") != "";
  }
  fs::path suite_directory() const { return directory_ / "suite"; }

  std::string layout_of_origin() {
    if (!is_first() || origin_.kind != Origin::Kind::kResumed) return "";
    return ckpt::Manifest::load(env_, origin_.folder).platform.gradient_layout;
  }

  void take_snapshot(const StepResult& result, const batch::LoaderState& loader,
                     ckpt::Snapshot& snapshot) {
    ckpt::TrainerState& state = snapshot.state;
    state.step = result.steps_done();
    state.rows = result.rows_done();
    state.tokens = result.tokens_done();
    state.optimizer_steps = optimizer_->steps();
    state.peak_learning_rate = plan_.peak_learning_rate();
    state.phase = plan_.phases()[static_cast<size_t>(result.spec.phase)].name;
    state.phase_ended = result.phase_ended;
    state.run_ended = result.run_ended;
    state.start = origin_.start;
    state.seed = config_.run.seed;
    state.tokenizer_fingerprint = tokenizer_.fingerprint();
    state.config = loaded_.flattened();
    state.loader = Json::parse(loader.dump());
    snapshot.config = model_config(result.spec);
    snapshot.tokenizer_files = tokenizer_files_;
    snapshot.copy_tensors(*model_, *optimizer_);
  }

  hf::ModelConfig model_config(const plan::StepSpec& spec) const {
    hf::ModelConfig config;
    config.encoder = config_.model;
    config.rope = {spec.rope.global, spec.rope.local};
    config.max_position_embeddings = longest_context(spec.phase);
    config.pad_id = tokenizer_.pad_id();
    config.cls_id = tokenizer_.cls_id();
    config.sep_id = tokenizer_.sep_id();
    return config;
  }

  void save_model(const StepResult& result, const fs::path& folder) const {
    env_.create_directories(folder);
    hf::NamedTensors weights;
    for (const auto& parameter : model_->named_parameters()) {
      weights.emplace_back(parameter.key(), parameter.value());
    }
    hf::save_model(env_, weights, model_config(result.spec), folder);
    for (const auto& [name, contents] : tokenizer_files_) {
      write_synced_file(env_, folder / name, contents);
    }
  }

  // The longest rows that the model has been trained on, this run's phases up to `phase` included.
  int64_t longest_context(int32_t phase) const {
    int64_t longest = origin_.longest_context;
    for (int32_t i = 0; i <= phase; ++i) {
      longest = std::max<int64_t>(longest, plan_.phases()[static_cast<size_t>(i)].context_length);
    }
    return longest;
  }

  void log_start() const {
    const plan::PhaseSpan& last = plan_.spans().back();
    log::info(str_cat(config_.run.name, ": ", format_count(nn::parameter_count(config_.model)),
                      " parameters, ", plan_.phases().size(), " phase",
                      plan_.phases().size() == 1 ? "" : "s", ", steps ", first_step_ + 1, " to ",
                      last.end_step, ", ", format_count(last.end_tokens), " tokens, ",
                      at::get_num_threads(), " threads",
                      group_.world_size() > 1 ? str_cat(", ", group_.world_size(), " ranks") : ""));
  }

  Env& env_;
  dist::ProcessGroup& group_;
  c10::Device device_;
  const LoadedConfig& loaded_;
  const RunConfig& config_;
  fs::path directory_;
  tokenizer::Tokenizer tokenizer_;
  // Every checkpoint has them, whatever becomes of their folder during the run.
  std::map<std::string, std::string> tokenizer_files_;
  std::vector<std::shared_ptr<const batch::StreamSource>> streams_;
  std::vector<EvaluationCallback::Stream> evaluation_;
  std::optional<batch::SalienceTable> salience_;
  Origin origin_;
  plan::Plan plan_;
  int64_t first_step_;
  std::shared_ptr<nn::MaskedLanguageModel> model_;
  std::unique_ptr<optim::StableAdamW> optimizer_;
  std::unique_ptr<batch::Loader> loader_;
};

}  // namespace

RunEnd run_training(Env& env, const LoadedConfig& loaded, const RunRequest& request) {
  if (!loaded.config.evaluation.suite.empty() && !request.score_suite) {
    throw Error(ErrorCode::kUsage,
                "evaluation.suite: this program trains without the module that runs suites");
  }
  const dist::Launch launch = dist::discover_launch(request.launch);
  const int32_t threads = loaded.config.run.threads;
  at::set_num_threads(threads > 0 ? threads : dist::threads_of(launch));
  const fs::path directory = loaded.config.run.directory;
  env.create_directories(directory);
  const bool first = launch.rank == 0;
  if (!first) log::quiet_console();
  log::open_log_file(
      directory / (launch.world_size == 1 ? "log.txt" : str_cat("log-rank-", launch.rank, ".txt")));
  const auto lock = first ? env.try_lock(directory / "lock") : nullptr;
  if (first && lock == nullptr) {
    throw Error(ErrorCode::kUsage, str_cat(directory.string(),
                                           ": another process trains in this folder; wait for its "
                                           "end or choose another run.directory"));
  }
  const RunOptions& options = loaded.config.run;
  const c10::Device device =
      nn::use_device(options.device, options.deterministic, launch.local_rank);
  const auto group = dist::connect(launch, loaded.config.distributed.group(options.device));
  try {
    Run run(env, loaded, request, *group, device);
    return run.train(request);
  } catch (const std::exception& error) {
    log::error(error.what());  // into the rank's file; whoever called prints it too
    group->leave(error.what());
    throw;
  }
}

plan::Plan plan_of(Env& env, const RunConfig& config) {
  plan::PlanStart start;
  if (!config.start_from.empty() && env.exists(config.start_from)) {
    const fs::path folder = resolve_start(env, config.start_from);
    if (ckpt::has_trainer_state(env, folder)) {
      const ckpt::TrainerState state = ckpt::read_trainer_state(env, folder);
      start = {state.step, state.rows, state.tokens, state.peak_learning_rate};
    }
  }
  return plan::Plan(config.plan_options(start));
}

}  // namespace rexbert::train
