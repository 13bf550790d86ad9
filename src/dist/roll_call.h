#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "dist/rendezvous.h"

namespace rexbert::dist {

// What a rank is at, for others to ask.
struct Activity {
  std::atomic<int64_t> step = 0;
  std::atomic<bool> in_collective = false;  // waiting for others
};

// What ranks tell each other through the store when collectives no longer work. A thread of each
// rank watches for the first word of trouble and answers for it, whatever the rank itself waits
// for: all ranks so learn at the same time who is missing. The store may be gone or frozen with the
// rank that holds it: nothing here waits for longer than a few seconds, and nothing throws.
class RollCall {
 public:
  // `held_by_rank_0`: the store ends with rank 0.
  RollCall(const StorePtr& store, int rank, int world_size, bool held_by_rank_0,
           std::shared_ptr<const Activity> activity);
  ~RollCall();

  // This rank stops, and `why`, for the others to read.
  void leave(const std::string& why) const;
  // After a failed collective: calls the roll and says what became of the others.
  // "rank 3 does not answer; rank 2 stopped: ...", or, where all answer, "rank 1 is in no
  // collective, but at step 7"; empty when all wait for each other.
  std::string call() const;

 private:
  struct Watch;

  StorePtr store_;
  int rank_;
  bool held_by_rank_0_;
  std::shared_ptr<Watch> watch_;  // shared with its thread
};

}  // namespace rexbert::dist
