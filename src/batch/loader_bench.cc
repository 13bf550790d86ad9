#include "rexbert/batch/loader_bench.h"

#include <algorithm>
#include <chrono>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

std::vector<double> shares_of_tokens(
    const std::vector<std::shared_ptr<const StreamSource>>& streams) {
  double total = 0;
  for (const auto& stream : streams) total += static_cast<double>(stream->slices().tokens);
  std::vector<double> shares;
  for (const auto& stream : streams) {
    shares.push_back(static_cast<double>(stream->slices().tokens) / total);
  }
  return shares;
}

double seconds_of(Clock::Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

// One reading of all steps by somebody who takes `rate` tokens a second, or all that come.
class Reading {
 public:
  Reading(const LoaderSetup& setup, double rate, Clock& clock)
      : loader_(setup), end_step_(setup.end_step), rate_(rate), clock_(clock) {}

  void run() {
    for (int64_t step = 0; step < end_step_; ++step) {
      const Clock::TimePoint asked = clock_.now();
      const LoadedStep loaded = loader_.next();
      const Clock::TimePoint came = clock_.now();
      if (step == 0) {
        first_step = seconds_of(came - asked);
      } else {
        waited += seconds_of(came - asked);
      }
      for (const PackedBatch& batch : loaded.micro_batches) tokens += batch.tokens();
      if (rate_ <= 0) continue;
      const std::chrono::duration<double> busy(
          static_cast<double>(loaded.spec.rows * loaded.spec.context_length) / rate_);
      clock_.sleep_until(came + std::chrono::duration_cast<Clock::Duration>(busy));
    }
  }

  int64_t tokens = 0;
  double waited = 0;
  double first_step = 0;

 private:
  Loader loader_;
  int64_t end_step_;
  double rate_;
  Clock& clock_;
};

}  // namespace

LoaderSetup loader_bench_setup(Env& env, const LoaderBenchOptions& options) {
  if (options.streams.empty() || options.repeats < 1 || options.tokens < 1 ||
      options.data.lanes < 1 || options.context_length < kMinContextLength) {
    throw Error(ErrorCode::kUsage,
                str_cat("a loader benchmark needs a stream, a repeat, a token, a lane and rows of ",
                        kMinContextLength, " tokens at the least"));
  }
  LoaderSetup setup;
  setup.options = options.data;
  setup.seed = options.seed;
  for (size_t i = 0; i < options.streams.size(); ++i) {
    setup.streams.push_back(StreamSource::open(env, str_cat(i), options.streams[i],
                                               options.data.lanes, options.tokenizer));
  }
  const int64_t rows = options.data.lanes;
  const int64_t step_tokens = rows * options.context_length;
  setup.end_step = (options.tokens + step_tokens - 1) / step_tokens;
  setup.mask = options.mask;
  plan::StepSpec spec;
  spec.rows = rows;
  spec.context_length = options.context_length;
  spec.masking = options.masking;
  spec.mixture = shares_of_tokens(setup.streams);
  setup.step_at = [spec](int64_t step) {
    plan::StepSpec at = spec;
    at.step = step;
    at.first_row = step * spec.rows;
    return at;
  };
  return setup;
}

LoaderBenchResult bench_loader(Env& env, const LoaderBenchOptions& options, Clock& clock) {
  LoaderSetup setup = loader_bench_setup(env, options);
  if (options.rate <= 0) setup.options.prefetch_steps = 0;
  LoaderBenchResult result;
  result.rows = setup.end_step * options.data.lanes;
  double waited = 0, after_first = 0;
  for (int32_t repeat = 0; repeat < options.repeats; ++repeat) {
    const Clock::TimePoint start = clock.now();
    Reading reading(setup, options.rate, clock);
    reading.run();
    result.seconds.push_back(seconds_of(clock.now() - start));
    result.tokens = reading.tokens;
    result.first_step_seconds = std::max(result.first_step_seconds, reading.first_step);
    waited += reading.waited;
    after_first += result.seconds.back() - reading.first_step;
  }
  if (options.rate > 0) result.data_wait = waited / after_first;
  std::sort(result.seconds.begin(), result.seconds.end());
  result.unfilled = 1 - static_cast<double>(result.tokens) /
                            static_cast<double>(result.rows * options.context_length);
  result.tokens_per_second =
      static_cast<double>(result.tokens) / result.seconds[result.seconds.size() / 2];
  return result;
}

}  // namespace rexbert::batch
