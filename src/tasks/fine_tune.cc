#include "rexbert/tasks/fine_tune.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/hf/safetensors.h"
#include "rexbert/nn/device.h"
#include "rexbert/tasks/example_loader.h"
#include "rexbert/tasks/objectives.h"
#include "rexbert/tasks/scoring.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/callbacks.h"
#include "rexbert/train/metrics.h"
#include "rexbert/train/trainer.h"

namespace rexbert::tasks {
namespace {

constexpr const char* kExamples = "examples";
constexpr const char* kCheckpoints = "checkpoints";
constexpr const char* kBestWeights = "best.safetensors";
constexpr const char* kBestRecord = "best.json";

hf::NamedTensors weights_of(const TaskModel& model) {
  hf::NamedTensors weights;
  for (const auto& parameter : model.named_parameters()) {
    weights.emplace_back(parameter.key(), parameter.value());
  }
  return weights;
}

void read_weights(Env& env, const fs::path& path, TaskModel& model) {
  const torch::NoGradGuard no_grad;
  auto weights = hf::read_safetensors(env, path);
  for (auto& parameter : model.named_parameters()) {
    parameter.value().copy_(weights.at(parameter.key()));
  }
}

hf::TaskHead head_of(const TaskData& data, const TuningOptions& options) {
  hf::TaskHead head;
  head.pooling = options.pooling == Pooling::kCls ? "cls" : "mean";
  if (data.goal == Goal::kSimilarity) {
    head.architecture = "ModernBertModel";
    return head;
  }
  head.architecture = data.goal == Goal::kTagging ? "ModernBertForTokenClassification"
                                                  : "ModernBertForSequenceClassification";
  if (data.goal != Goal::kRegression) head.labels = data.labels.names();
  return head;
}

plan::Plan plan_of(const TuningRequest& request, const nn::RopeTheta& rope) {
  const TuningOptions& options = request.options;
  const int64_t steps = options.steps(static_cast<int64_t>(request.data.train.examples.size()));
  const int64_t tokens = options.batch * options.max_tokens;  // of a step, nominally
  plan::PhaseOptions phase;
  phase.name = "fine-tuning";
  phase.tokens = steps * tokens;
  phase.context_length = static_cast<int32_t>(options.max_tokens);
  phase.rope_theta = {rope.global, rope.local};
  phase.learning_rate = {
      .schedule = plan::LearningRateSchedule::kLinear,
      .from = options.learning_rate,
      .to = 0,
      .warmup =
          std::min<int64_t>(std::llround(options.warmup * static_cast<double>(steps)), steps - 1) *
          tokens};
  phase.batch.rows = options.batch;
  phase.mixture.from = {{kExamples, 1.0}};
  return plan::Plan(
      {.phases = {phase}, .streams = {kExamples}, .weight_decay = options.weight_decay});
}

// One line a step: what was learned from what.
class StepLog final : public train::Callback {
 public:
  StepLog(train::MetricsLog& metrics, const ExampleLoader& loader,
          const std::vector<Example>& examples)
      : metrics_(metrics), loader_(loader), examples_(examples) {}

  void step_done(train::Trainer&, const train::StepResult& result) override {
    Json lines = Json::array();
    for (const int64_t place : loader_.places(result.spec)) {
      lines.push_back(examples_[static_cast<size_t>(place)].line);
    }
    metrics_.write("train", result.steps_done(),
                   {{"loss", result.loss},
                    {"learning_rate", result.spec.learning_rate},
                    {"gradient_norm", result.gradient_norm},
                    {"lines", lines}});
  }

 private:
  train::MetricsLog& metrics_;
  const ExampleLoader& loader_;
  const std::vector<Example>& examples_;
};

// Scores the validation examples at the end of each epoch, keeps the weights of the best one and
// what it knows in files, so that a killed run still has them, and stops when it has waited for a
// better one long enough.
class EarlyStopping final : public train::Callback {
 public:
  EarlyStopping(Env& env, const TuningRequest& request, TunedModel& tuned,
                train::MetricsLog& metrics)
      : env_(env), request_(request), tuned_(tuned), metrics_(metrics) {
    tuned_.best_score = kWorstScore;
    if (!env.exists(record())) return;
    const Json best = parse_json(env.read_file(record()), record().string());
    tuned_.best_epoch = json_get<int64_t>(best, "epoch", record().string());
    tuned_.best_score = json_get<double>(best, "score", record().string());
    stopped_at_ = json_get<int64_t>(best, "stopped_at", record().string());
  }

  // The updates after which it stopped; 0: it has not.
  int64_t stopped_at() const { return stopped_at_; }

  void step_done(train::Trainer& trainer, const train::StepResult& result) override {
    const auto count = static_cast<int64_t>(request_.data.train.examples.size());
    const int64_t epoch = result.rows_done() / count;
    const bool epoch_ended = epoch > (result.rows_done() - result.spec.rows) / count;
    if (!epoch_ended && !result.run_ended) return;
    const double score = validation_score(tuned_, request_);
    metrics_.write("validation", result.steps_done(), {{"epoch", epoch}, {"score", score}});
    if (score > tuned_.best_score || tuned_.best_epoch == 0) {
      tuned_.best_score = score;
      tuned_.best_epoch = epoch;
      keep_weights();
      write_record();
    } else if (epoch - tuned_.best_epoch >= request_.options.patience) {
      stopped_at_ = result.steps_done();
      write_record();
      trainer.request_stop();
    }
  }

  void restore() const { read_weights(env_, weights(), *tuned_.model); }

 private:
  fs::path weights() const { return request_.directory / kBestWeights; }
  fs::path record() const { return request_.directory / kBestRecord; }

  void keep_weights() const {
    const fs::path aside = weights().string() + ".partial";
    hf::write_safetensors(env_, aside, weights_of(*tuned_.model));
    env_.rename(aside, weights());
  }

  void write_record() const {
    publish_file(env_, record(),
                 Json({{"epoch", tuned_.best_epoch},
                       {"score", tuned_.best_score},
                       {"stopped_at", stopped_at_}})
                         .dump() +
                     "\n");
  }

  Env& env_;
  const TuningRequest& request_;
  TunedModel& tuned_;
  train::MetricsLog& metrics_;
  int64_t stopped_at_ = 0;
};

TunedModel begin(Env& env, const TuningRequest& request) {
  TunedModel tuned;
  tuned.config = hf::load_model_config(env, request.start);
  const auto pretrained = std::make_shared<nn::MaskedLanguageModel>(tuned.config.encoder);
  nn::initialize(*pretrained, request.seed);
  if (!request.random_weights) {
    hf::load_weights(env, request.start, *pretrained, hf::Strictness::kEncoderOnly);
  }
  pretrained->to(nn::use_device(request.device));
  pretrained->set_precision(request.precision);
  tuned.model = std::make_shared<TaskModel>(pretrained, request.data.outputs());
  tuned.config.task = head_of(request.data, request.options);
  return tuned;
}

// Takes weights and moments from the checkpoint of a call that was killed, if there is one. Returns
// the step to go on with.
int64_t go_on(Env& env, const TuningRequest& request, const ckpt::CheckpointStore& store,
              TaskModel& model, optim::StableAdamW& optimizer) {
  const auto found = store.newest_valid();
  if (!found) {
    remove_tuning_files(env, request.directory);
    return 0;
  }
  read_weights(env, found->folder / hf::kWeightsFile, model);
  ckpt::read_optimizer(env, found->folder, optimizer);
  const ckpt::TrainerState trained = ckpt::read_trainer_state(env, found->folder);
  optimizer.set_steps(trained.optimizer_steps);
  return trained.step;
}

ckpt::TrainerState state_after(const train::StepResult& result, const batch::LoaderState& loader,
                               int64_t optimizer_steps, uint64_t seed) {
  ckpt::TrainerState state;
  state.step = result.steps_done();
  state.rows = result.rows_done();
  state.tokens = result.tokens_done();
  state.optimizer_steps = optimizer_steps;
  state.phase = kExamples;
  state.run_ended = result.run_ended;
  state.seed = seed;
  state.loader = Json::parse(loader.dump());
  return state;
}

}  // namespace

TunedModel fine_tune(Env& env, const TuningRequest& asked) {
  const std::vector<Example>& examples = asked.data.train.examples;
  if (examples.empty()) {
    throw Error(ErrorCode::kUsage, "fine-tuning: expected at least one example, got none");
  }
  TuningRequest request = asked;
  request.options.batch = std::min(request.options.batch, static_cast<int64_t>(examples.size()));
  env.create_directories(request.directory);
  TunedModel tuned = begin(env, request);
  const plan::Plan plan = plan_of(request, tuned.config.rope);
  optim::StableAdamW optimizer(tuned.model->named_parameters(),
                               {.max_learning_rate = request.options.learning_rate});
  const ckpt::CheckpointStore store(env, request.directory / kCheckpoints);
  const int64_t first_step = go_on(env, request, store, *tuned.model, optimizer);
  ExampleLoader loader({.examples = examples,
                        .plan = plan,
                        .micro_tokens = request.options.micro_tokens,
                        .whole_batches = request.data.goal == Goal::kSimilarity,
                        .seed = request.seed},
                       first_step);
  const auto objective =
      make_objective(*tuned.model, request.data.goal, examples, request.options, request.seed);
  train::MetricsLog metrics(env, request.directory, first_step, /*tensorboard=*/false);

  std::vector<std::unique_ptr<train::Callback>> callbacks;
  callbacks.push_back(std::make_unique<StepLog>(metrics, loader, examples));
  EarlyStopping* early_stopping = nullptr;
  if (request.options.patience > 0) {
    auto stopping = std::make_unique<EarlyStopping>(env, request, tuned, metrics);
    early_stopping = stopping.get();
    callbacks.push_back(std::move(stopping));
  }
  if (plan.end_step() > request.checkpoint_steps) {
    const train::CheckpointOptions options = {
        .every = request.checkpoint_steps * plan.at(0).tokens(), .keep = 1, .at_phase_ends = false};
    callbacks.push_back(std::make_unique<train::CheckpointCallback>(
        store, options, ckpt::Platform::current(request.device), metrics,
        [&](const train::StepResult& result, const batch::LoaderState& reached,
            ckpt::Snapshot& snapshot) {
          snapshot.config = tuned.config;
          snapshot.state = state_after(result, reached, optimizer.steps(), request.seed);
          snapshot.copy_tensors(*tuned.model, optimizer);
        }));
  }
  const auto group = dist::single_process();
  train::Trainer trainer({.plan = plan,
                          .loader = loader,
                          .objective = *objective,
                          .optimizer = optimizer,
                          .parameters = tuned.model->parameters(),
                          .group = *group,
                          .reducer = {},
                          .stream_names = {kExamples},
                          .forensics_directory = request.directory},
                         std::move(callbacks), first_step);
  // One that was killed after it had stopped is at an earlier checkpoint, or at one of the stop.
  if (early_stopping == nullptr || early_stopping->stopped_at() == 0) {
    const auto stop = [&] { return request.stop_requested && request.stop_requested(); };
    if (trainer.run(stop) == train::RunEnd::kInterrupted) {
      throw Error(ErrorCode::kInterrupted, "the fine-tuning was asked to stop");
    }
  }
  tuned.steps = optimizer.steps();
  if (early_stopping != nullptr) {
    early_stopping->restore();
    if (early_stopping->stopped_at() > 0) tuned.steps = early_stopping->stopped_at();
  }
  return tuned;
}

void remove_tuning_files(Env& env, const fs::path& directory) {
  env.remove_all(directory / kCheckpoints);
  for (const char* name : {kBestRecord, kBestWeights}) {
    if (env.exists(directory / name)) env.remove_file(directory / name);
  }
}

void save_tuned(Env& env, const TunedModel& tuned, const fs::path& tokenizer_folder,
                const fs::path& folder) {
  const fs::path staging = folder.string() + ".partial";
  env.remove_all(staging);
  env.create_directories(staging);
  hf::save_model(env, weights_of(*tuned.model), tuned.config, staging);
  for (const auto& [name, contents] : tokenizer::read_tokenizer_files(env, tokenizer_folder)) {
    write_synced_file(env, staging / name, contents);
  }
  env.remove_all(folder);
  publish_directory(env, staging, folder);
}

double validation_score(TunedModel& tuned, const TuningRequest& request) {
  const TaskData& data = request.data;
  const Split& split = data.validation.value();
  const Predictions predictions =
      predict(*tuned.model, data.goal, split.examples, tuned.config.rope, request.options,
              request.stop_requested);
  const double value = score(data, split, predictions).values.at(measures_of_split(data)[0].key);
  return std::isfinite(value) ? value : kWorstScore;
}

}  // namespace rexbert::tasks
