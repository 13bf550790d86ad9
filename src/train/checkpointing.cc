#include <chrono>

#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/train/callbacks.h"

namespace rexbert::train {

bool crosses(const plan::StepSpec& spec, int64_t every) {
  return every > 0 && (spec.tokens_before + spec.tokens()) / every > spec.tokens_before / every;
}

CheckpointCallback::CheckpointCallback(ckpt::CheckpointStore store,
                                       const CheckpointOptions& options, ckpt::Platform platform,
                                       Write write)
    : store_(std::move(store)),
      options_(options),
      platform_(std::move(platform)),
      write_(std::move(write)) {}

void CheckpointCallback::step_done(Trainer& trainer, const StepResult& result) {
  const bool due = crosses(result.spec, options_.every) || result.run_ended ||
                   (options_.at_phase_ends && result.phase_ended);
  if (due) save(trainer, result);
}

void CheckpointCallback::run_stopped(Trainer& trainer, const StepResult& result) {
  if (last_saved_ != result.steps_done()) save(trainer, result);
}

void CheckpointCallback::save(const Trainer& trainer, const StepResult& result) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  store_.publish(result.steps_done(), platform_,
                 [&](Env& env, const fs::path& folder) { write_(env, folder, result); });
  last_saved_ = result.steps_done();
  store_.prune({options_.keep, [&](int64_t step) { return stays(trainer, step); }});
  log::info(str_cat(
      "checkpoint ", store_.folder(result.steps_done()).string(),
      str_printf(" (%.1f s)", std::chrono::duration<double>(Clock::now() - start).count())));
}

bool CheckpointCallback::stays(const Trainer& trainer, int64_t step) const {
  const plan::Plan& plan = trainer.plan();
  if (step <= plan.first_step() || step > plan.end_step()) return true;  // not of this plan
  const plan::StepSpec spec = plan.at(step - 1);
  const bool phase_end = step == plan.spans()[static_cast<size_t>(spec.phase)].end_step;
  if (options_.at_phase_ends && phase_end) return true;
  if (options_.keep_every == 0 || !crosses(spec, options_.every)) return false;
  return (spec.tokens_before + spec.tokens()) / options_.every % options_.keep_every == 0;
}

}  // namespace rexbert::train
