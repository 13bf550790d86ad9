#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace rexbert::curate {

// What requests use, or may use at the most.
struct Spending {
  uint64_t prompt_tokens = 0;
  uint64_t completion_tokens = 0;
  double cost = 0;

  uint64_t tokens() const { return prompt_tokens + completion_tokens; }
  Spending& operator+=(const Spending& other);
  Spending& operator-=(const Spending& other);
};

// What is spent and what is reserved never exceed a limit together. Safe for many threads.
class LabelBudget {
 public:
  // A limit of 0 is none.
  LabelBudget(uint64_t token_limit, double money_limit, const Spending& spent_before);

  // Reserves, after waiting for others that may give back some of theirs. False when it does not
  // fit though nobody holds anything, and once stop() was called.
  bool reserve(const Spending& estimate);
  // Ends a reservation: `actual` is spent.
  void settle(const Spending& estimate, const Spending& actual);
  // Nobody waits any more.
  void stop();
  // As before stop().
  void resume();

  Spending spent() const;

 private:
  bool fits(const Spending& estimate) const;

  const uint64_t token_limit_;
  const double money_limit_;
  mutable std::mutex mutex_;
  std::condition_variable settled_;
  Spending spent_;
  Spending reserved_;
  uint64_t holders_ = 0;
  bool stopped_ = false;
};

}  // namespace rexbert::curate
