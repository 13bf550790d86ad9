#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "rexbert/core/clock.h"
#include "shard/cache_files.h"

namespace rexbert::shard {

// One call's wait for a file of the cache, whoever brings it: asks whether to stop, and warns every
// 30 s with how far the file is. Used by one thread.
class CacheWait {
 public:
  struct Options {
    // True ends the wait with Error(kInterrupted). Empty: never.
    std::function<bool()> stop = {};
    bool warn = true;
  };

  CacheWait(Clock& clock, std::string url, uint64_t bytes, Options options);

  const std::string& url() const { return url_; }

  // To be called several times a second, with what whoever brings the file says of it.
  void look(const Claim& claim);

  double seconds() const;

 private:
  Clock& clock_;
  std::string url_;
  uint64_t bytes_;
  Options options_;
  Clock::TimePoint start_;
  Clock::TimePoint told_;
  uint64_t told_arrived_ = 0;
};

// "process 12", or that it is this one.
std::string holder_of(const Claim& claim);
// "; the last problem: ..."; empty where there was none.
std::string last_problem(const Claim& claim);

}  // namespace rexbert::shard
