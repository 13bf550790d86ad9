#include "rexbert/batch/loader_bench.h"

#include <algorithm>
#include <chrono>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

using Clock = std::chrono::steady_clock;

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

}  // namespace

LoaderBenchResult bench_loader(Env& env, const LoaderBenchOptions& options) {
  if (options.streams.empty() || options.repeats < 1 || options.tokens < 1 ||
      options.data.lanes < 1 || options.context_length < kMinContextLength) {
    throw Error(ErrorCode::kUsage,
                str_cat("a loader benchmark needs a stream, a repeat, a token, a lane and rows of ",
                        kMinContextLength, " tokens at the least"));
  }
  LoaderSetup setup;
  setup.options = options.data;
  setup.seed = options.seed;
  setup.options.prefetch_steps = 0;
  for (size_t i = 0; i < options.streams.size(); ++i) {
    setup.streams.push_back(StreamSource::open(env, str_cat(i), options.streams[i],
                                               options.data.lanes, TokenizerIdentity{}));
  }
  const int64_t rows = options.data.lanes;
  const int64_t step_tokens = rows * options.context_length;
  setup.end_step = (options.tokens + step_tokens - 1) / step_tokens;
  setup.mask = options.mask;
  setup.step_at = [&, shares = shares_of_tokens(setup.streams)](int64_t step) {
    plan::StepSpec spec;
    spec.step = step;
    spec.first_row = step * rows;
    spec.rows = rows;
    spec.context_length = options.context_length;
    spec.masking = options.masking;
    spec.mixture = shares;
    return spec;
  };

  LoaderBenchResult result;
  result.rows = setup.end_step * rows;
  for (int32_t repeat = 0; repeat < options.repeats; ++repeat) {
    int64_t tokens = 0;
    const Clock::time_point start = Clock::now();
    Loader loader(setup);
    for (int64_t step = 0; step < setup.end_step; ++step) {
      for (const PackedBatch& batch : loader.next().micro_batches) tokens += batch.tokens();
    }
    result.seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    result.tokens = tokens;
  }
  std::sort(result.seconds.begin(), result.seconds.end());
  result.unfilled =
      1 - static_cast<double>(result.tokens) / static_cast<double>(setup.end_step * step_tokens);
  result.tokens_per_second =
      static_cast<double>(result.tokens) / result.seconds[result.seconds.size() / 2];
  return result;
}

}  // namespace rexbert::batch
