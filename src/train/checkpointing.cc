#include <utility>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/train/callbacks.h"

namespace rexbert::train {
namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

bool crosses(const plan::StepSpec& spec, int64_t every) {
  return every > 0 && (spec.tokens_before + spec.tokens()) / every > spec.tokens_before / every;
}

bool CheckpointCallback::Writing::is_done() const {
  return seconds.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

CheckpointCallback::CheckpointCallback(ckpt::CheckpointStore store,
                                       const CheckpointOptions& options, ckpt::Platform platform,
                                       MetricsLog& metrics, TakeSnapshot take_snapshot)
    : store_(std::move(store)),
      options_(options),
      platform_(std::move(platform)),
      metrics_(metrics),
      take_snapshot_(std::move(take_snapshot)),
      last_line_(Clock::now()) {}

CheckpointCallback::~CheckpointCallback() {
  try {
    finish_writing();
  } catch (const std::exception& failure) {
    log::error(failure.what());  // beside the exception that ends the run
  }
}

void CheckpointCallback::step_done(Trainer& trainer, const StepResult& result) {
  if (writing_ && writing_->is_done()) finish_writing();
  const bool due = crosses(result.spec, options_.every) || result.run_ended ||
                   (options_.at_phase_ends && result.phase_ended);
  if (due && last_saved_ != result.steps_done()) save(trainer, result);
}

void CheckpointCallback::run_stopped(Trainer& trainer, const StepResult& result) {
  complete(trainer, result);
}

void CheckpointCallback::complete(Trainer& trainer, const StepResult& result) {
  if (last_saved_ != result.steps_done()) save(trainer, result);
  finish_writing();
}

void CheckpointCallback::save(Trainer& trainer, const StepResult& result) {
  last_saved_ = result.steps_done();
  const batch::LoaderState loader = whole_loader_state(trainer);
  if (trainer.group().rank() != 0) return;
  finish_writing();  // its snapshot is to be written over
  const int64_t step = result.steps_done();
  platform_.gradient_layout = trainer.reducer().layout();
  const Clock::time_point start = Clock::now();
  take_snapshot_(result, loader, snapshot_);
  const double snapshot_seconds = seconds_since(start);
  writing_ = Writing{step, result.tokens_done(), snapshot_seconds,
                     std::async(std::launch::async, [this, step, &plan = trainer.plan()] {
                       return publish(plan, step);
                     })};
}

double CheckpointCallback::publish(const plan::Plan& plan, int64_t step) {
  const Clock::time_point start = Clock::now();
  with_context(str_cat("checkpoint of step ", step), [&] {
    store_.publish(step, platform_, [&](Env& env, const fs::path& folder) {
      ckpt::write_checkpoint(env, folder, snapshot_);
    });
    if (!options_.mirror.empty()) {
      if (!mirror_) mirror_ = std::make_unique<CheckpointMirror>(store_.env(), options_.mirror);
      mirror_->add(store_.folder(step));
    }
    store_.prune({options_.keep, [&](int64_t other) {
                    return stays(plan, other) || (mirror_ && mirror_->needs(store_.folder(other)));
                  }});
  });
  return seconds_since(start);
}

void CheckpointCallback::finish_writing() {
  if (!writing_) return;
  if (!writing_->is_done()) {
    log::info(str_cat("waiting until the checkpoint of step ", writing_->step, " is written"));
  }
  Writing written = std::move(*writing_);
  writing_.reset();
  const Clock::time_point start = Clock::now();
  const double write_seconds = written.seconds.get();
  const double wait_seconds = seconds_since(start);
  log::info(str_cat("checkpoint ", store_.folder(written.step).string(),
                    str_printf(": snapshot %.3f s, write %.1f s, waited for %.3f s",
                               written.snapshot_seconds, write_seconds, wait_seconds)));
  const double run_seconds = seconds_since(last_line_);
  last_line_ = Clock::now();
  metrics_.write("checkpoint", written.step,
                 {{"tokens", written.tokens},
                  {"snapshot_seconds", written.snapshot_seconds},
                  {"wait_seconds", wait_seconds},
                  {"write_seconds", write_seconds},
                  {"run_seconds", run_seconds},
                  {"waited", (written.snapshot_seconds + wait_seconds) / run_seconds}});
}

bool CheckpointCallback::stays(const plan::Plan& plan, int64_t step) const {
  if (step <= plan.first_step() || step > plan.end_step()) return true;  // not of this plan
  const plan::StepSpec spec = plan.at(step - 1);
  const bool phase_end = step == plan.spans()[static_cast<size_t>(spec.phase)].end_step;
  if (options_.at_phase_ends && phase_end) return true;
  if (options_.keep_every == 0 || !crosses(spec, options_.every)) return false;
  return (spec.tokens_before + spec.tokens()) / options_.every % options_.keep_every == 0;
}

}  // namespace rexbert::train
