#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "rexbert/core/clock.h"

namespace rexbert::test {

// Stands still until somebody sleeps, which takes no time.
class FakeClock final : public Clock {
 public:
  // Called at the end of each sleep, by whoever slept.
  std::function<void()> on_sleep = {};

  TimePoint now() override {
    const std::scoped_lock lock(mutex_);
    return now_;
  }
  void sleep_until(TimePoint time) override {
    {
      const std::scoped_lock lock(mutex_);
      if (time <= now_) return;
      sleeps_.push_back(time - now_);
      now_ = time;
    }
    if (on_sleep) on_sleep();
  }
  void advance(Duration time) {
    const std::scoped_lock lock(mutex_);
    now_ += time;
  }

  std::vector<Duration> sleeps() const {
    const std::scoped_lock lock(mutex_);
    return sleeps_;
  }

 private:
  mutable std::mutex mutex_;
  TimePoint now_ = TimePoint(std::chrono::hours(1));
  std::vector<Duration> sleeps_;
};

}  // namespace rexbert::test
