#include <unistd.h>

#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/train/callbacks.h"
#include "train/rank_times.h"

namespace rexbert::train {
namespace {

// Share of the time in data waits above which something should be done.
constexpr double kMuchWaiting = 0.1;
constexpr double kLongSeconds = 1;

std::string progress_bar(double share) {
  constexpr int kWidth = 24;
  const int filled = static_cast<int>(share * kWidth);
  std::string bar = "[";
  for (int i = 0; i < kWidth; ++i) bar += i < filled ? "=" : i == filled ? ">" : " ";
  return bar + str_printf("] %4.1f%%", 100 * share);
}

double seconds_left(const Trainer& trainer, const StepResult& result, double rate) {
  const int64_t all = trainer.plan().spans().back().end_tokens;
  return rate > 0 ? static_cast<double>(all - result.tokens_done()) / rate : 0;
}

std::string host_name() {
  char name[256] = "";
  gethostname(name, sizeof(name) - 1);
  return name;
}

}  // namespace

batch::LoaderState whole_loader_state(Trainer& trainer) {
  if (trainer.group().world_size() == 1) return trainer.loader().state();
  std::vector<batch::LoaderState> parts = {trainer.loader().state()};
  const int own = trainer.group().rank();
  const std::vector<std::string> texts = trainer.group().all_gather(parts[0].cursors().dump());
  for (int rank = 0; rank < std::ssize(texts); ++rank) {
    if (rank == own) continue;
    parts.push_back(batch::LoaderState::parse(texts[static_cast<size_t>(rank)],
                                              str_cat("the loader state of rank ", rank)));
  }
  return batch::LoaderState::merge(parts);
}

void LoggingCallback::run_started(Trainer& trainer) {
  stream_rows_.assign(trainer.stream_names().size(), 0);
}

void LoggingCallback::step_done(Trainer& trainer, const StepResult& result) {
  if (result.spec.step == trainer.first_step()) first_wait_seconds_ = result.data_wait_seconds;
  tokens_ += result.spec.tokens();
  seconds_ += result.seconds;
  wait_seconds_ += result.data_wait_seconds;
  exposed_seconds_ += result.exposed_seconds;
  flops_ += result.flops;
  steps_ += 1;
  for (size_t i = 0; i < stream_rows_.size(); ++i) stream_rows_[i] += result.stream_rows[i];

  const double rate = static_cast<double>(result.spec.tokens()) / result.seconds;
  smoothed_rate_ = smoothed_rate_ == 0 ? rate : 0.9 * smoothed_rate_ + 0.1 * rate;
  if (log::status_is_shown()) {
    const plan::Plan& plan = trainer.plan();
    const double share = static_cast<double>(result.steps_done() - plan.first_step()) /
                         static_cast<double>(plan.end_step() - plan.first_step());
    log::set_status(str_cat(
        progress_bar(share), " step ", result.steps_done(), "/", plan.end_step(), ", ",
        str_printf("loss %.4f, ", result.loss), format_count(static_cast<int64_t>(rate)),
        " tokens/s, ", format_duration(seconds_left(trainer, result, smoothed_rate_)), " left"));
  }
  const bool due = result.steps_done() % options_.every_steps == 0;
  if (due || result.phase_ended) write_line(trainer, result);
  if (result.phase_ended) {
    const auto& phase = trainer.plan().phases()[static_cast<size_t>(result.spec.phase)];
    metrics_.write("phase", result.steps_done(),
                   {{"ended", phase.name}, {"tokens", result.tokens_done()}});
    log::info(str_cat("phase ", phase.name, " is done at step ", result.steps_done()));
  }
}

void LoggingCallback::write_line(Trainer& trainer, const StepResult& result) {
  const plan::StepSpec& spec = result.spec;
  const std::string& phase = trainer.plan().phases()[static_cast<size_t>(spec.phase)].name;
  const double rate = static_cast<double>(tokens_) / seconds_;
  log::info(str_cat(phase, "  step ", result.steps_done(), "/", trainer.plan().end_step(), "  ",
                    format_count(result.tokens_done()), " tokens  ",
                    str_printf("loss %.4f  lr %.3g  grad %.3f  ", result.loss, spec.learning_rate,
                               result.gradient_norm),
                    format_count(static_cast<int64_t>(rate)), " tokens/s  ",
                    format_duration(seconds_left(trainer, result, smoothed_rate_)), " left"));
  const std::vector<double> all_rows =
      trainer.group().all_reduce_sum(std::vector<double>(stream_rows_.begin(), stream_rows_.end()));
  Json rows = Json::object();
  for (size_t i = 0; i < all_rows.size(); ++i) {
    rows[trainer.stream_names()[i]] = static_cast<int64_t>(all_rows[i]);
  }
  Json line = {{"phase", phase},
               {"tokens", result.tokens_done()},
               {"loss", result.loss},
               {"learning_rate", spec.learning_rate},
               {"grad_norm", result.gradient_norm},
               {"rows", spec.rows},
               {"masked_tokens", result.masked_tokens},
               {"tokens_per_second", rate},
               {"data_wait", wait_seconds_ / seconds_},
               {"model_flops_per_second", flops_ / seconds_},
               {"model_flops_utilization", flops_ / seconds_ / product_ceiling_},
               {"stream_rows", rows},
               {"cursors", whole_loader_state(trainer).summary()}};
  double waited = wait_seconds_;
  if (trainer.group().world_size() > 1) {
    line["ranks"] = compare_ranks(trainer);
    waited = line["ranks"]["data_wait"]["max"].get<double>() * static_cast<double>(steps_);
  }
  metrics_.write("train", result.steps_done(), line);
  recommend_on_waits(waited - first_wait_seconds_);
  first_wait_seconds_ = 0;
  tokens_ = steps_ = 0;
  seconds_ = wait_seconds_ = exposed_seconds_ = flops_ = 0;
  stream_rows_.assign(stream_rows_.size(), 0);
}

// Once until the waits are over, so that slow storage does not fill the log. `waited`: in seconds,
// since the last line, by the rank that waited longest.
void LoggingCallback::recommend_on_waits(double waited) {
  const double share = waited / seconds_;
  const bool slow = share > kMuchWaiting && waited > kLongSeconds;
  if (slow && !told_of_waits_) {
    log::warning(str_printf(
        "training waits for data %.0f%% of the time: for streams behind URLs, raise lookahead or "
        "cache.downloads, give the cache room for the whole stream, or bring it here beforehand by "
        "`rexbert shards sync`; for those in folders, see `rexbert bench loader`",
        100 * share));
  }
  told_of_waits_ = slow;
}

Json LoggingCallback::compare_ranks(Trainer& trainer) const {
  const auto steps = static_cast<double>(steps_);
  const RankTimes own{seconds_ / steps, wait_seconds_ / steps, exposed_seconds_ / steps,
                      host_name()};
  std::vector<RankTimes> by_rank;
  for (const std::string& text : trainer.group().all_gather(own.to_json().dump())) {
    by_rank.push_back(RankTimes::from_json(Json::parse(text)));
  }
  for (const std::string& line : slow_ranks(by_rank)) log::warning(line);
  return spread_of(by_rank);
}

void LoggingCallback::run_stopped(Trainer&, const StepResult&) { log::set_status(""); }

}  // namespace rexbert::train
