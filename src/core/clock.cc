#include "rexbert/core/clock.h"

#include <thread>

namespace rexbert {
namespace {

class SteadyClock final : public Clock {
 public:
  TimePoint now() override { return std::chrono::steady_clock::now(); }
  void sleep_until(TimePoint time) override { std::this_thread::sleep_until(time); }
};

}  // namespace

Clock& Clock::steady() {
  static SteadyClock clock;
  return clock;
}

}  // namespace rexbert
