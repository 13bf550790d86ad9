// A loss and a head of your own on the encoder, driven by the library's trainer: replaced token
// detection (Clark et al. 2020, ELECTRA), with replacements drawn uniformly. Every token is judged,
// not the masked ones alone: custom_objective CONFIG STEPS
#include <cstdio>
#include <exception>
#include <string>

#include "rexbert/batch/loader.h"
#include "rexbert/batch/masking.h"
#include "rexbert/core/error.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/eval/model_input.h"
#include "rexbert/train/run.h"

using namespace rexbert;

// The encoder and, above it, one logit a token: was it replaced?
class Discriminator : public torch::nn::Module {
 public:
  Discriminator(const nn::EncoderConfig& config, uint64_t seed) : language_model_(config) {
    nn::initialize(language_model_, seed);
    encoder_ = register_module("model", language_model_.named_children()["model"]);
    head_ = register_module("head", torch::nn::Linear(config.hidden, 1));
  }
  torch::Tensor forward(const nn::EncoderInput& input) {
    return head_->forward(language_model_.encoder().forward(input)).squeeze(1);
  }

 private:
  nn::MaskedLanguageModel language_model_;
  std::shared_ptr<torch::nn::Module> encoder_;
  torch::nn::Linear head_ = nullptr;
};

class ReplacedTokenDetection final : public train::Objective {
 public:
  ReplacedTokenDetection(Discriminator& model, uint64_t seed) : model_(model), seed_(seed) {}

  Loss loss(batch::PackedBatch& batch, const plan::StepSpec& spec) override {
    std::vector<float> replaced(batch.tokens_T.size(), 0);
    for (size_t m = 0; m < batch.masked_M.size(); ++m) {  // targets_M: what stood there
      const auto place = static_cast<size_t>(batch.masked_M[m]);
      replaced[place] = batch.tokens_T[place] != batch.targets_M[m] ? 1.0F : 0.0F;
    }
    const nn::EncoderInput input =
        eval::view_training_batch(batch, {spec.rope.global, spec.rope.local},
                                  {.seed = seed_, .step = spec.step, .first_row = spec.first_row})
            .encoder;
    const torch::Tensor logits_T = model_.forward(input);
    const torch::Tensor sum = torch::binary_cross_entropy_with_logits(
        logits_T, torch::tensor(replaced), {}, {}, at::Reduction::Sum);
    return {sum, static_cast<int64_t>(replaced.size())};
  }

 private:
  Discriminator& model_;
  uint64_t seed_;
};

class PrintLoss final : public train::Callback {
 public:
  void step_done(train::Trainer&, const train::StepResult& result) override {
    std::printf("step %lld loss %.6f\n", static_cast<long long>(result.steps_done()), result.loss);
  }
};

int main(int argc, char** argv) try {
  if (argc != 3) throw Error(ErrorCode::kUsage, "usage: custom_objective CONFIG STEPS");
  Env& env = Env::posix();
  const train::RunConfig config = train::load_run_config(env, argv[1]).config;
  const plan::Plan plan = train::plan_of(env, config);
  const auto tokenizer = tokenizer::Tokenizer::load(env, config.tokenizer.path);
  const batch::Masker masker(config.run.seed, batch::MaskVocabulary::from(tokenizer));
  batch::Loader loader(
      {.streams = batch::open_streams(env, config.streams, config.data.lanes,
                                      batch::identity_of(tokenizer, config.tokenizer.path)),
       .step_at = [&](int64_t step) { return plan.at(step); },
       .end_step = plan.end_step(),
       .mask =
           [&](plan::MaskingSpec spec, batch::PackedBatch& batch) {
             spec.mask_share = 0;  // no [MASK]: every chosen token becomes a random one
             spec.random_share = 1;
             masker.apply(spec, batch);
           },
       .options = config.data,
       .seed = config.run.seed});

  Discriminator model(config.model, config.run.seed);
  ReplacedTokenDetection objective(model, config.run.seed);
  optim::StableAdamW optimizer(model.named_parameters(),
                               {.max_learning_rate = plan.peak_learning_rate()});
  const auto group = dist::single_process();
  std::vector<std::unique_ptr<train::Callback>> callbacks;
  callbacks.push_back(std::make_unique<PrintLoss>());
  train::Trainer trainer({.plan = plan,
                          .loader = loader,
                          .objective = objective,
                          .optimizer = optimizer,
                          .parameters = model.parameters(),
                          .group = *group,
                          .reducer = {},
                          .stream_names = config.stream_names(),
                          .forensics_directory = {}},
                         std::move(callbacks), plan.first_step());
  const int64_t steps = std::stoll(argv[2]);
  int64_t done = 0;
  trainer.run([&] { return ++done >= steps; });
} catch (const std::exception& error) {
  return std::fprintf(stderr, "custom_objective: %s\n", error.what()), 1;
}
