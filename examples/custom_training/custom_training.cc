// A training loop of your own on the library's model, loader and optimizer, with checkpoints from
// which it goes on: custom_training CONFIG STEPS
#include <cstdio>
#include <string>

#include "rexbert/batch/loader.h"
#include "rexbert/batch/masking.h"
#include "rexbert/ckpt/checkpoint.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/eval/model_input.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/train/run.h"

using namespace rexbert;

int main(int argc, char** argv) try {
  if (argc != 3) throw Error(ErrorCode::kUsage, "usage: custom_training CONFIG STEPS");
  Env& env = Env::posix();
  const train::LoadedConfig loaded_config = train::load_run_config(env, argv[1]);
  const train::RunConfig& config = loaded_config.config;
  const plan::Plan plan = train::plan_of(env, config);
  const auto tokenizer = tokenizer::Tokenizer::load(env, config.tokenizer.path);

  nn::MaskedLanguageModel model(config.model);
  optim::StableAdamW optimizer(model.named_parameters(),
                               {.max_learning_rate = plan.peak_learning_rate()});
  nn::initialize(model, config.run.seed);

  ckpt::CheckpointStore store(env, fs::path(config.run.directory) / "checkpoints");
  batch::LoaderState state;
  if (const auto found = store.newest_valid()) {
    hf::load_weights(env, found->folder, model);
    ckpt::read_optimizer(env, found->folder, optimizer);
    const ckpt::TrainerState then = ckpt::read_trainer_state(env, found->folder);
    optimizer.set_steps(then.optimizer_steps);
    state = batch::LoaderState::parse(then.loader.dump(), found->folder.string());
  }
  const batch::Masker masker(config.run.seed, batch::MaskVocabulary::from(tokenizer));
  batch::Loader loader(
      {.streams = batch::open_streams(env, config.streams, config.data.lanes,
                                      batch::identity_of(tokenizer, config.tokenizer.path)),
       .step_at = [&](int64_t step) { return plan.at(step); },
       .end_step = plan.end_step(),
       .mask = [&](const auto& spec, batch::PackedBatch& batch) { masker.apply(spec, batch); },
       .options = config.data,
       .seed = config.run.seed},
      state);

  for (int64_t step = state.next_step; step < std::stoll(argv[2]); ++step) {
    batch::LoadedStep loaded = loader.next();
    const plan::StepSpec& spec = loaded.spec;
    double loss = 0, masked = 0;
    optimizer.zero_grad();
    for (batch::PackedBatch& batch : loaded.micro_batches) {
      const eval::ModelInput input = eval::view_training_batch(
          batch, {spec.rope.global, spec.rope.local},
          {.seed = config.run.seed, .step = step, .first_row = spec.first_row});
      const nn::MlmLoss sum = model.loss(input.encoder, input.masked_M, input.targets_M);
      sum.sum.backward();
      loss += sum.sum.item<double>();
      masked += static_cast<double>(sum.count);
    }
    for (torch::Tensor& parameter : model.parameters()) parameter.mutable_grad().div_(masked);
    optimizer.step(spec.learning_rate, spec.weight_decay);
    std::printf("step %lld loss %.6f\n", static_cast<long long>(step + 1), loss / masked);
    if ((step + 1) % 20 != 0) continue;
    ckpt::Snapshot snapshot;
    train::describe_step(spec, plan, loaded_config, tokenizer, snapshot);
    snapshot.state.optimizer_steps = optimizer.steps();
    snapshot.state.loader = Json::parse(loader.state().dump());
    snapshot.tokenizer_files = tokenizer::read_tokenizer_files(env, config.tokenizer.path);
    snapshot.copy_tensors(model, optimizer);
    store.publish(step + 1, ckpt::Platform::current("cpu"),
                  [&](Env& to, const fs::path& at) { write_checkpoint(to, at, snapshot); });
  }
} catch (const std::exception& error) {
  return std::fprintf(stderr, "custom_training: %s\n", error.what()), 1;
}
