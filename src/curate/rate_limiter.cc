#include "curate/rate_limiter.h"

#include <algorithm>

namespace rexbert::curate {
namespace {

Clock::Duration interval_of(double per_minute) {
  if (per_minute <= 0) return Clock::Duration::zero();
  return std::chrono::ceil<Clock::Duration>(std::chrono::duration<double>(60.0 / per_minute));
}

}  // namespace

RateLimiter::RateLimiter(double per_minute, Clock& clock)
    : clock_(clock), interval_(interval_of(per_minute)) {}

void RateLimiter::acquire() {
  if (interval_ == Clock::Duration::zero()) return;
  Clock::TimePoint turn;
  {
    const std::scoped_lock lock(mutex_);
    turn = std::max(clock_.now(), next_);
    next_ = turn + interval_;
  }
  clock_.sleep_until(turn);
}

}  // namespace rexbert::curate
