#include "rexbert/train/suite_callback.h"

#include <exception>
#include <utility>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/train/callbacks.h"

namespace rexbert::train {
namespace {

constexpr const char* kMark = "pending.json";

// The marks of suites that are not ended yet: their step and tokens.
std::vector<Json> pending(Env& env, const fs::path& directory) {
  std::vector<Json> marks;
  if (!env.exists(directory)) return marks;
  for (const std::string& name : env.list_directory(directory)) {
    const fs::path mark = directory / name / kMark;
    if (env.exists(mark)) marks.push_back(parse_json(env.read_file(mark), mark.string()));
  }
  return marks;
}

}  // namespace

bool SuiteCallback::has_pending(Env& env, const fs::path& directory) {
  return !pending(env, directory).empty();
}

void SuiteCallback::run_started(Trainer& trainer) { end_pending(trainer, trainer.first_step()); }

void SuiteCallback::step_done(Trainer& trainer, const StepResult& result) {
  const bool due = crosses(result.spec, parts_.options.suite_every);
  if (!due && !(parts_.options.suite_at_phase_ends && result.phase_ended)) return;
  if (trainer.group().rank() == 0) begin(result);
  end_pending(trainer, result.steps_done());
}

fs::path SuiteCallback::folder(int64_t step) const {
  return parts_.directory / str_printf("step-%09lld", static_cast<long long>(step));
}

// The mark comes last: what it stands beside is whole.
void SuiteCallback::begin(const StepResult& result) const {
  const fs::path output = folder(result.steps_done());
  parts_.env.create_directories(output);
  parts_.env.remove_all(output / "model");
  parts_.save_model(result, output / "model");
  publish_file(
      parts_.env, output / kMark,
      Json({{"step", result.steps_done()}, {"tokens", result.tokens_done()}}).dump() + "\n");
}

// While rank 0 computes, it meets the others in a sum each time it is asked whether to stop: no
// collective waits longer than a step of a fine-tuning, and a signal to any rank is heard.
void SuiteCallback::end_pending(Trainer& trainer, int64_t newest_step) {
  dist::ProcessGroup& group = trainer.group();
  const auto wants_stop = [this] {
    return parts_.stop_requested && parts_.stop_requested() ? 1.0 : 0.0;
  };
  if (group.rank() != 0) {
    while (group.all_reduce_sum({1.0, wants_stop()})[0] == group.world_size()) {
    }
    return;
  }
  for (const Json& mark : pending(parts_.env, parts_.directory)) {
    const auto step = mark.at("step").get<int64_t>();
    if (step <= newest_step) {
      score(mark, [&] { return group.all_reduce_sum({1.0, wants_stop()})[1] > 0; });
    } else {  // training comes to it again, and finds there what is done of it
      forget(step);
    }
  }
  group.all_reduce_sum({0.0, wants_stop()});
}

void SuiteCallback::score(const Json& mark, const std::function<bool()>& stop_requested) {
  const auto step = mark.at("step").get<int64_t>();
  const fs::path output = folder(step);
  Json fields = {{"tokens", mark.at("tokens")}};
  try {
    fields.update(parts_.score({.suite = parts_.options.suite,
                                .model = output / "model",
                                .output = output,
                                .device = parts_.device,
                                .precision = parts_.precision,
                                .stop_requested = stop_requested}));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kPeer) throw;
    if (error.code() == ErrorCode::kInterrupted) {
      log::info(
          str_cat("the suite of step ", step, " ends when the same command is started again"));
      return;
    }
    fields["error"] = error.what();
  } catch (const std::exception& error) {
    fields["error"] = error.what();
  }
  if (fields.contains("error")) {
    log::error(
        str_cat("the suite of step ", step, " failed: ", fields["error"].get<std::string>()));
  }
  parts_.metrics.write("suite", step, fields);
  forget(step);
}

void SuiteCallback::forget(int64_t step) const {
  parts_.env.remove_file(folder(step) / kMark);
  parts_.env.remove_all(folder(step) / "model");
}

}  // namespace rexbert::train
