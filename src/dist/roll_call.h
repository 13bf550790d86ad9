#pragma once

#include <cstdint>
#include <string>

#include "dist/rendezvous.h"

namespace rexbert::dist {

// What ranks tell each other through the store when collectives no longer work. The store may be
// gone or frozen with the rank that holds it: nothing here waits for longer than a few seconds, and
// nothing throws.
class RollCall {
 public:
  RollCall(StorePtr store, int rank, int world_size)
      : store_(std::move(store)), rank_(rank), world_size_(world_size) {}

  // This rank stops, and `why`, for the others to read.
  void leave(const std::string& why) const;
  // After a failed collective: says that this rank is alive and asks what became of the others.
  // "rank 3 does not answer; rank 2 stopped: ..."; empty when all are alive.
  std::string ask() const;

 private:
  StorePtr store_;
  int rank_;
  int world_size_;
};

}  // namespace rexbert::dist
