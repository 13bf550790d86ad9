#pragma once

#include <chrono>

namespace rexbert {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Time as code that waits sees it, so that its tests need not wait. Safe for many threads.
class Clock {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  virtual ~Clock() = default;
  // The steady clock of this machine.
  static Clock& steady();

  virtual TimePoint now() = 0;
  // Returns at once for a time that is not in the future.
  virtual void sleep_until(TimePoint time) = 0;
};

}  // namespace rexbert
