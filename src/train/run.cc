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
#include "rexbert/ops/ceiling.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/callbacks.h"
#include "rexbert/train/micro_batch.h"
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
    streams.push_back({name,
                       with_context(str_cat("evaluation.streams.", name),
                                    [&] {
                                      return batch::open_tokens(
                                          env, options,
                                          batch::identity_of(tokenizer, config.tokenizer.path));
                                    }),
                       options.lookahead});
  }
  return streams;
}

hf::ModelConfig model_config_after(const plan::StepSpec& step, const plan::Plan& plan,
                                   const RunConfig& run, const tokenizer::Tokenizer& tokenizer,
                                   int64_t longest_before) {
  hf::ModelConfig config;
  config.encoder = run.model;
  config.rope = {step.rope.global, step.rope.local};
  config.max_position_embeddings = longest_before;
  for (int32_t phase = 0; phase <= step.phase; ++phase) {
    const int64_t context = plan.phases()[static_cast<size_t>(phase)].context_length;
    config.max_position_embeddings = std::max(config.max_position_embeddings, context);
  }
  config.pad_id = tokenizer.pad_id();
  config.cls_id = tokenizer.cls_id();
  config.sep_id = tokenizer.sep_id();
  return config;
}

class StopAtStep final : public Callback {
 public:
  explicit StopAtStep(int64_t step) : step_(step) {}
  void run_started(Trainer& trainer) override {
    if (trainer.first_step() >= step_) trainer.request_stop();
  }
  void step_done(Trainer& trainer, const StepResult& result) override {
    if (result.steps_done() >= step_) trainer.request_stop();
  }

 private:
  int64_t step_;
};

constexpr const char* kMicroTokens = "data.micro_tokens";

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
    read_loader_state();
    require_same(group_, facts());
    if (is_first()) publish_file(env_, directory_ / "config.yaml", loaded_.resolved());
    check_directory_is_shared();
  }

  RunEnd train(const RunRequest& request) {
    const bool pending = has_pending_suite();
    if (first_step_ >= plan_.end_step() && !pending) {
      log::info(str_cat("the run is already done: step ", first_step_, " of ", plan_.end_step(),
                        " in ", origin_.folder.string()));
      return RunEnd::kFinished;
    }
    if (request.stop_at_step > 0 && first_step_ >= request.stop_at_step && !pending) {
      log::info(str_cat("nothing to do: step ", first_step_, " is done"));
      return RunEnd::kStopped;
    }
    make_model();
    micro_tokens_ = choose_micro_tokens(request);
    // Before a thread of the loader takes a core of it.
    if (is_first()) product_ceiling_ = ops::measure_product_ceiling(device_, compute_type(), 2);
    group_.barrier();
    make_loader(request);
    const bool resumed = origin_.kind == Origin::Kind::kResumed;
    if (is_first() && resumed) set_later_checkpoints_aside();
    if (is_first()) rewind_mirror();
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
    if (first_step_ < plan_.end_step()) log_start();
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
             key == "evaluation.suite" || key.ends_with(".path") || key.ends_with(".lookahead") ||
             // Of a stream: each rank has held its shards and it against its own tokenizer.
             key.ends_with(".tokenizer") || key.find(".cache.") != std::string::npos;
    });
    facts["whether there is a suite"] = config_.evaluation.suite.empty() ? "no" : "yes";
    facts["the tokenizer's fingerprint"] = tokenizer_.fingerprint();
    for (const auto& stream : streams_) {
      facts["the shards of stream " + stream->name()] = stream->slices().fingerprint;
    }
    for (const EvaluationCallback::Stream& stream : evaluation_) {
      facts["the held-out shards of " + stream.name] =
          hash_hex("xxh3_64", stream.tokens.index().dump());
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

  // Training goes on where the mirror does not answer.
  void rewind_mirror() const {
    const std::string& mirror = config_.checkpoint.mirror;
    if (mirror.empty()) return;
    try {
      train::rewind_mirror(mirror, first_step_);
    } catch (const Error& error) {
      log::warning(str_cat("checkpoint.mirror: it may still name checkpoints beyond step ",
                           first_step_, ", where this run goes on: ", error.what()));
    }
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

  // The same on all ranks, and after a resume.
  int64_t choose_micro_tokens(const RunRequest& request) {
    if (config_.data.micro_tokens != batch::kAutoMicroTokens) return config_.data.micro_tokens;
    if (origin_.kind == Origin::Kind::kResumed) {
      const auto then = origin_.state.config.find(kMicroTokens);
      if (then != origin_.state.config.end()) {
        if (const auto tokens = parse_count(then->second)) return *tokens;
      }
    }
    const int processes = dist::discover_launch(request.launch).local_world_size;
    // Gathered before anybody takes memory for a probe.
    const double budget = least_of_ranks(memory_budget(device_, device_.is_cpu() ? processes : 1));
    const MicroBatchLimits limits = limits_of(plan_, group_.world_size());
    const auto tokens = static_cast<int64_t>(least_of_ranks(static_cast<double>(
        train::choose_micro_tokens(*model_, config_.run.device_precision(), limits, budget))));
    log::info(str_cat("data.micro_tokens: auto is ", format_count(tokens), ", with ",
                      format_bytes(static_cast<uint64_t>(budget)), " of memory to use"));
    return tokens;
  }

  double least_of_ranks(double own) {
    double least = own;
    for (const std::string& other : group_.all_gather(Json(own).dump())) {
      least = std::min(least, Json::parse(other).get<double>());
    }
    return least;
  }

  torch::ScalarType compute_type() const {
    return config_.run.device_precision() == nn::Precision::kBf16 ? torch::kBFloat16
                                                                  : torch::kFloat32;
  }

  void read_loader_state() {
    loader_state_.next_step = first_step_;
    if (origin_.state.loader.is_null()) return;
    loader_state_ = batch::LoaderState::parse(origin_.state.loader.dump(), origin_.folder.string());
    batch::reuse_slices(streams_, loader_state_);
  }

  void make_loader(const RunRequest& request) {
    const batch::Masker masker(config_.run.seed, batch::MaskVocabulary::from(tokenizer_),
                               salience_);
    batch::DataOptions options = config_.data;
    options.micro_tokens = micro_tokens_;
    loader_ = std::make_unique<batch::Loader>(
        batch::LoaderSetup{
            .streams = streams_,
            .step_at = [this](int64_t step) { return plan_.at(step); },
            .end_step = plan_.end_step(),
            .mask = [masker](const plan::MaskingSpec& spec,
                             batch::PackedBatch& packed) { masker.apply(spec, packed); },
            .options = options,
            // Many ranks finish the step that they are in, as all have to stop after the same one.
            .stop_requested =
                group_.world_size() == 1 ? request.stop_requested : std::function<bool()>(),
            .seed = config_.run.seed,
            .rank = group_.rank(),
            .world = group_.world_size()},
        std::move(loader_state_));
  }

  std::vector<std::unique_ptr<Callback>> make_callbacks(MetricsLog& metrics,
                                                        const RunRequest& request) {
    std::vector<std::unique_ptr<Callback>> callbacks;
    if (request.stop_at_step > 0) {
      callbacks.push_back(std::make_unique<StopAtStep>(request.stop_at_step));
    }
    callbacks.push_back(
        std::make_unique<LoggingCallback>(config_.logging, metrics, product_ceiling_));
    callbacks.push_back(std::make_unique<ConsistencyCallback>(
        *model_, config_.distributed.check_every_steps, layout_of_origin()));
    if (!evaluation_.empty()) {
      callbacks.push_back(std::make_unique<EvaluationCallback>(
          *model_, evaluation_,
          batch::Masker(eval::kEvaluationSeed, batch::MaskVocabulary::from(tokenizer_)),
          config_.evaluation, micro_tokens_, metrics));
    }
    if (request.make_callbacks) {
      for (auto& callback : request.make_callbacks()) callbacks.push_back(std::move(callback));
    }
    auto checkpoints = std::make_unique<CheckpointCallback>(
        ckpt::CheckpointStore(env_, checkpoint_directory(config_)), config_.checkpoint,
        ckpt::Platform::current(config_.run.device, group_.world_size()), metrics,
        [this](const StepResult& result, const batch::LoaderState& loader,
               ckpt::Snapshot& snapshot) { take_snapshot(result, loader, snapshot); });
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
          .make_checkpoint = [&made = *checkpoints](
                                 Trainer& trainer,
                                 const StepResult& result) { made.complete(trainer, result); },
          .score = request.score_suite,
          .stop_requested = request.stop_requested}));
    }
    callbacks.push_back(std::move(checkpoints));
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
    describe_step(result.spec, plan_, loaded_, tokenizer_, snapshot, origin_.longest_context);
    snapshot.state.optimizer_steps = optimizer_->steps();
    snapshot.state.loader = Json::parse(loader.dump());
    snapshot.state.config[kMicroTokens] = std::to_string(micro_tokens_);  // what auto was
    snapshot.tokenizer_files = tokenizer_files_;
    snapshot.copy_tensors(*model_, *optimizer_);
  }

  void save_model(const StepResult& result, const fs::path& folder) const {
    env_.create_directories(folder);
    hf::NamedTensors weights;
    for (const auto& parameter : model_->named_parameters()) {
      weights.emplace_back(parameter.key(), parameter.value());
    }
    hf::save_model(
        env_, weights,
        model_config_after(result.spec, plan_, config_, tokenizer_, origin_.longest_context),
        folder);
    for (const auto& [name, contents] : tokenizer_files_) {
      write_synced_file(env_, folder / name, contents);
    }
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
  batch::LoaderState loader_state_;  // where the run begins
  int64_t micro_tokens_ = 0;
  double product_ceiling_ = 0;  // FLOP/s; known to rank 0 alone, which writes what it is for
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
    if (first && request.check_suite && !loaded.config.evaluation.suite.empty()) {
      with_context("evaluation.suite", request.check_suite);
    }
    return run.train(request);
  } catch (const std::exception& error) {
    log::error(error.what());  // into the rank's file; whoever called prints it too
    group->leave(error.what());
    throw;
  }
}

void describe_step(const plan::StepSpec& step, const plan::Plan& plan, const LoadedConfig& loaded,
                   const tokenizer::Tokenizer& tokenizer, ckpt::Snapshot& snapshot,
                   int64_t longest_before) {
  const auto phase = static_cast<size_t>(step.phase);
  snapshot.config = model_config_after(step, plan, loaded.config, tokenizer, longest_before);
  ckpt::TrainerState& state = snapshot.state;
  state.step = step.step + 1;
  state.rows = step.first_row + step.rows;
  state.tokens = step.tokens_before + step.tokens();
  state.peak_learning_rate = plan.peak_learning_rate();
  state.phase = plan.phases()[phase].name;
  state.phase_ended = state.step == plan.spans()[phase].end_step;
  state.run_ended = state.step == plan.end_step();
  state.start = plan.options().start;
  state.seed = loaded.config.run.seed;
  state.tokenizer_fingerprint = tokenizer.fingerprint();
  state.config = loaded.flattened();
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
