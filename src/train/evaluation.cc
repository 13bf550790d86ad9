#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/train/callbacks.h"

namespace rexbert::train {

EvaluationCallback::EvaluationCallback(nn::MaskedLanguageModel& model, std::vector<Stream> streams,
                                       batch::Masker masker, const EvaluationOptions& options,
                                       int64_t micro_tokens, MetricsLog& metrics)
    : model_(model),
      streams_(std::move(streams)),
      masker_(std::move(masker)),
      options_(options),
      micro_tokens_(micro_tokens),
      metrics_(metrics) {}

void EvaluationCallback::run_started(Trainer& trainer) {
  const plan::Plan& plan = trainer.plan();
  const bool fresh = trainer.first_step() == plan.first_step();
  if (!options_.at_phase_ends || !fresh || plan.first_step() == plan.end_step()) return;
  const plan::StepSpec first = plan.at(plan.first_step());
  evaluate(trainer, first, first.step, first.tokens_before);
}

void EvaluationCallback::step_done(Trainer& trainer, const StepResult& result) {
  const bool due = crosses(result.spec, options_.every);
  if (!due && !(options_.at_phase_ends && result.phase_ended)) return;
  evaluate(trainer, result.spec, result.steps_done(), result.tokens_done());
}

void EvaluationCallback::evaluate(Trainer& trainer, const plan::StepSpec& spec, int64_t steps_done,
                                  int64_t tokens_done) {
  const std::string& phase = trainer.plan().phases()[static_cast<size_t>(spec.phase)].name;
  eval::MlmOptions options;
  options.probability = options_.probability;
  options.context_length = spec.context_length;
  options.tokens = options_.tokens;
  options.micro_tokens = micro_tokens_;
  options.rope = {spec.rope.global, spec.rope.local};
  Json fields = {{"phase", phase}, {"tokens", tokens_done}};
  for (const Stream& stream : streams_) {
    options.lookahead = stream.lookahead;
    const eval::MlmScore score =
        eval::evaluate_mlm(model_, stream.tokens, masker_, options, trainer.group());
    fields[stream.name] = {{"loss", score.mean_loss()},
                           {"top1", score.share(score.top1)},
                           {"top3", score.share(score.top3)},
                           {"top5", score.share(score.top5)},
                           {"masked_tokens", score.masked}};
    log::info(str_cat("held-out ", stream.name, " at step ", steps_done, ": ",
                      str_printf("loss %.4f, top-1 %.1f%%, top-5 %.1f%%", score.mean_loss(),
                                 100 * score.share(score.top1), 100 * score.share(score.top5))));
  }
  metrics_.write("eval", steps_done, fields);
}

}  // namespace rexbert::train
