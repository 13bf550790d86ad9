#include "shard/cache_wait.h"

#include <unistd.h>

#include <chrono>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert::shard {
namespace {

constexpr auto kTellEvery = std::chrono::seconds(30);

double seconds_of(Clock::Duration time) { return std::chrono::duration<double>(time).count(); }

}  // namespace

CacheWait::CacheWait(Clock& clock, std::string url, uint64_t bytes, Options options)
    : clock_(clock),
      url_(std::move(url)),
      bytes_(bytes),
      options_(std::move(options)),
      start_(clock.now()),
      told_(start_) {}

double CacheWait::seconds() const { return seconds_of(clock_.now() - start_); }

void CacheWait::look(const Claim& claim) {
  if (options_.stop && options_.stop()) {
    throw Error(ErrorCode::kInterrupted, str_cat(url_, ": stopped while it was waited for"));
  }
  const Clock::TimePoint now = clock_.now();
  if (!options_.warn || now - told_ < kTellEvery) return;
  const uint64_t since = claim.arrived > told_arrived_ ? claim.arrived - told_arrived_ : 0;
  const double rate = static_cast<double>(since) / seconds_of(now - told_);
  log::warning(str_cat(url_, ": waiting for ", str_printf("%.0f", seconds()),
                       " s: ", format_bytes(claim.arrived), " of ", format_bytes(bytes_),
                       " are here, ", format_bytes(static_cast<uint64_t>(rate)),
                       " a second now, fetched by ", holder_of(claim), last_problem(claim)));
  told_ = now;
  told_arrived_ = claim.arrived;
}

std::string holder_of(const Claim& claim) {
  if (claim.process == 0) return "an unknown process";
  if (claim.process == static_cast<uint64_t>(::getpid())) return "this process";
  return str_cat("process ", claim.process);
}

std::string last_problem(const Claim& claim) {
  return claim.problem.empty() ? "" : str_cat("; the last problem: ", claim.problem);
}

}  // namespace rexbert::shard
