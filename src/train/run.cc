#include "rexbert/train/run.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/callbacks.h"
#include "train/resume.h"

namespace rexbert::train {
namespace {

void set_threads(int32_t threads) {
  const auto cores = static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(threads > 0 ? threads : cores);
}

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
    shard::TokenColumn column;
    column.vocabulary = tokenizer.vocabulary_size();
    auto tokens = with_context(str_cat("evaluation.streams.", name),
                               [&] { return shard::TokenStream::open(env, options.path, column); });
    if (tokens.info() && tokens.info()->tokenizer_fingerprint != tokenizer.fingerprint()) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat("evaluation.streams.", name, ": ", options.path,
                          " was made with another tokenizer than the run's"));
    }
    streams.push_back({name, std::move(tokens)});
  }
  return streams;
}

// The objects of one run, in the order in which they depend on each other.
class Run {
 public:
  Run(Env& env, const LoadedConfig& loaded, const RunRequest& request)
      : env_(env),
        loaded_(loaded),
        config_(loaded.config),
        directory_(config_.run.directory),
        tokenizer_(load_tokenizer(env, config_)),
        tokenizer_files_(tokenizer::read_tokenizer_files(env, config_.tokenizer.path)),
        streams_(batch::open_streams(
            env, config_.streams, config_.data.lanes,
            {tokenizer_.fingerprint(), config_.tokenizer.path, tokenizer_.vocabulary_size()})),
        evaluation_(open_evaluation(env, config_, tokenizer_)),
        salience_(load_salience(env, config_, tokenizer_)),
        origin_(find_origin(env, loaded, request.resume)),
        plan_(config_.plan_options(origin_.start)),
        first_step_(origin_.kind == Origin::Kind::kResumed ? origin_.state.step
                                                           : plan_.first_step()) {
    check_tokenizer_of_origin();
    publish_file(env_, directory_ / "config.yaml", loaded_.resolved());
  }

  RunEnd train(const RunRequest& request, dist::ProcessGroup& group) {
    if (first_step_ >= plan_.end_step()) {
      log::info(str_cat("the run is already done: step ", first_step_, " of ", plan_.end_step(),
                        " in ", origin_.folder.string()));
      return RunEnd::kFinished;
    }
    if (request.stop_at_step > 0 && first_step_ >= request.stop_at_step) {
      log::info(str_cat("nothing to do: step ", first_step_, " is done"));
      return RunEnd::kStopped;
    }
    make_model();
    make_loader();
    if (origin_.kind == Origin::Kind::kResumed) set_later_checkpoints_aside();
    MetricsLog metrics(env_, directory_, origin_.kind == Origin::Kind::kResumed ? first_step_ : 0,
                       config_.logging.tensorboard);
    MaskedLanguageModeling objective(model_, config_.run.seed);
    Trainer trainer({.plan = plan_,
                     .loader = *loader_,
                     .objective = objective,
                     .optimizer = *optimizer_,
                     .parameters = model_->parameters(),
                     .group = group,
                     .stream_names = config_.stream_names(),
                     .forensics_directory = directory_},
                    make_callbacks(metrics), first_step_);
    log_start();
    int64_t step = first_step_;
    return trainer.run([&] {
      ++step;
      if (request.stop_at_step > 0 && step >= request.stop_at_step) return true;
      return request.stop_requested && request.stop_requested();
    });
  }

 private:
  void check_tokenizer_of_origin() {
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
    optimizer_ = std::make_unique<optim::StableAdamW>(
        model_->named_parameters(),
        optim::StableAdamWOptions{.beta1 = config_.optimizer.betas[0],
                                  .beta2 = config_.optimizer.betas[1],
                                  .epsilon = config_.optimizer.epsilon,
                                  .max_learning_rate = plan_.peak_learning_rate()});
    if (origin_.kind == Origin::Kind::kFresh) {
      nn::initialize(*model_, config_.run.seed);
      return;
    }
    hf::load_weights(env_, origin_.folder, *model_);
    if (origin_.kind == Origin::Kind::kWeightsOnly) return;
    ckpt::read_optimizer(env_, origin_.folder, *optimizer_);
    optimizer_->set_steps(origin_.state.optimizer_steps);
  }

  void make_loader() {
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
            .seed = config_.run.seed,
            .rank = 0,
            .world = 1},
        std::move(state));
  }

  std::vector<std::unique_ptr<Callback>> make_callbacks(MetricsLog& metrics) {
    std::vector<std::unique_ptr<Callback>> callbacks;
    callbacks.push_back(std::make_unique<LoggingCallback>(config_.logging, metrics));
    if (!evaluation_.empty()) {
      callbacks.push_back(std::make_unique<EvaluationCallback>(
          *model_, evaluation_,
          batch::Masker(eval::kEvaluationSeed, batch::MaskVocabulary::from(tokenizer_)),
          config_.evaluation, config_.data.micro_tokens, metrics));
    }
    callbacks.push_back(std::make_unique<CheckpointCallback>(
        ckpt::CheckpointStore(env_, checkpoint_directory(config_)), config_.checkpoint,
        ckpt::Platform::current(config_.run.device),
        [this](Env& env, const fs::path& folder, const StepResult& result) {
          write(env, folder, result);
        }));
    return callbacks;
  }

  void write(Env& env, const fs::path& folder, const StepResult& result) {
    ckpt::TrainerState state;
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
    state.loader = Json::parse(loader_->state().dump());
    hf::ModelConfig config;
    config.encoder = config_.model;
    config.rope = {result.spec.rope.global, result.spec.rope.local};
    config.max_position_embeddings = longest_context(result.spec.phase);
    config.pad_id = tokenizer::kPadId;
    config.cls_id = tokenizer::kClsId;
    config.sep_id = tokenizer::kSepId;
    ckpt::write_checkpoint(env, folder, *model_, config, *optimizer_, state, tokenizer_files_);
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
                      at::get_num_threads(), " threads"));
  }

  Env& env_;
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
  const auto group = dist::connect();
  set_threads(loaded.config.run.threads);
  const fs::path directory = loaded.config.run.directory;
  env.create_directories(directory);
  const auto lock = env.try_lock(directory / "lock");
  if (lock == nullptr) {
    throw Error(ErrorCode::kUsage, str_cat(directory.string(),
                                           ": another process trains in this folder; wait for its "
                                           "end or choose another run.directory"));
  }
  log::open_log_file(directory / "log.txt");
  Run run(env, loaded, request);
  return run.train(request, *group);
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
