#pragma once

#include <mutex>

#include "rexbert/core/clock.h"

namespace rexbert::curate {

// Spaces events evenly, so that no minute sees more than `per_minute` of them (0: no limit). Safe
// for many threads.
class RateLimiter {
 public:
  RateLimiter(double per_minute, Clock& clock);

  // Waits for the caller's turn.
  void acquire();

 private:
  Clock& clock_;
  const Clock::Duration interval_;
  std::mutex mutex_;
  Clock::TimePoint next_{};
};

}  // namespace rexbert::curate
