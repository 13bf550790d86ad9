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
constexpr const char* kModel = "model";
constexpr const char* kLine = "suite";  // of metrics.jsonl

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

void SuiteCallback::run_started(Trainer& trainer) {
  if (trainer.group().rank() == 0) remove_unmarked();
  end_pending(trainer, trainer.first_step());
}

void SuiteCallback::step_done(Trainer& trainer, const StepResult& result) {
  const bool due = crosses(result.spec, parts_.options.suite_every);
  if (!due && !(parts_.options.suite_at_phase_ends && result.phase_ended)) return;
  dist::ProcessGroup& group = trainer.group();
  const bool begun = group.rank() == 0 && begin(result);
  if (group.broadcast(begun ? "begun" : "").empty()) return;
  parts_.make_checkpoint(trainer, result);  // whatever ends the process now costs no training
  end_pending(trainer, result.steps_done());
}

fs::path SuiteCallback::folder(int64_t step) const {
  return parts_.directory / str_printf("step-%09lld", static_cast<long long>(step));
}

// Models of a process that was killed before it had marked the suite, or after it had ended it.
void SuiteCallback::remove_unmarked() const {
  if (!parts_.env.exists(parts_.directory)) return;
  for (const std::string& name : parts_.env.list_directory(parts_.directory)) {
    const fs::path suite = parts_.directory / name;
    if (!parts_.env.exists(suite / kMark)) forget(suite);
  }
}

// The mark comes last: what it stands beside is whole. False where the disk did not take it.
bool SuiteCallback::begin(const StepResult& result) const {
  const int64_t step = result.steps_done();
  const fs::path output = folder(step);
  try {
    parts_.env.create_directories(output);
    parts_.env.remove_all(output / kModel);
    parts_.save_model(result, output / kModel);
    publish_file(parts_.env, output / kMark,
                 Json({{"step", step}, {"tokens", result.tokens_done()}}).dump() + "\n");
    return true;
  } catch (const std::exception& error) {
    write(step, {{"tokens", result.tokens_done()}, {"error", error.what()}});
    forget(output);
    return false;
  }
}

// While rank 0 computes, it meets the others in a sum each time it is asked whether to stop: they
// wait for one stretch of its work at a time, and a signal to any rank is heard.
void SuiteCallback::end_pending(Trainer& trainer, int64_t newest_step) {
  dist::ProcessGroup& group = trainer.group();
  const auto meet = [&](bool working, bool interrupted) {
    const bool stop = parts_.stop_requested && parts_.stop_requested();
    return group.all_reduce_sum({working ? 1.0 : 0.0, stop ? 1.0 : 0.0, interrupted ? 1.0 : 0.0});
  };
  std::vector<double> sums;
  if (group.rank() == 0) {
    const bool ended = end_all(newest_step, [&] { return meet(true, false)[1] > 0; });
    sums = meet(false, !ended);
  } else {
    do {
      sums = meet(true, false);
    } while (sums[0] == group.world_size());
  }
  if (sums[2] > 0) trainer.interrupt();
}

// False where it was asked to stop before.
bool SuiteCallback::end_all(int64_t newest_step,
                            const std::function<bool()>& stop_requested) const {
  for (const Json& mark : pending(parts_.env, parts_.directory)) {
    const auto step = mark.at("step").get<int64_t>();
    // Training comes to a later one again, and finds there what is done of it. The mark of one that
    // has its line is what a kill left.
    if (step <= newest_step && !parts_.metrics.has(kLine, step) && !score(mark, stop_requested)) {
      return false;
    }
    forget(folder(step));
  }
  return true;
}

// False where it was asked to stop before it had the scores.
bool SuiteCallback::score(const Json& mark, const std::function<bool()>& stop_requested) const {
  const auto step = mark.at("step").get<int64_t>();
  const fs::path output = folder(step);
  Json fields = {{"tokens", mark.at("tokens")}};
  try {
    fields.update(parts_.score({.suite = parts_.options.suite,
                                .model = output / kModel,
                                .output = output,
                                .device = parts_.device,
                                .precision = parts_.precision,
                                .stop_requested = stop_requested}));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kPeer) throw;
    if (error.code() == ErrorCode::kInterrupted) {
      log::info(
          str_cat("the suite of step ", step, " ends when the same command is started again"));
      return false;
    }
    fields["error"] = error.what();
  } catch (const std::exception& error) {
    fields["error"] = error.what();
  }
  write(step, fields);
  return true;
}

void SuiteCallback::write(int64_t step, const Json& fields) const {
  if (fields.contains("error")) {
    log::error(
        str_cat("the suite of step ", step, " failed: ", fields["error"].get<std::string>()));
  }
  parts_.metrics.write(kLine, step, fields);
}

// What cannot be removed now is removed when the run goes on.
void SuiteCallback::forget(const fs::path& output) const {
  try {
    if (parts_.env.exists(output / kMark)) {
      parts_.env.remove_file(output / kMark);
      parts_.env.sync_directory(output);
    }
    parts_.env.remove_all(output / kModel);
  } catch (const Error& error) {
    log::warning(error.what());
  }
}

}  // namespace rexbert::train
