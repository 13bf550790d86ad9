#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <vector>

#include "rexbert/dist/process_group.h"

namespace rexbert::eval {

// Hands what each rank found to all of them, in rounds. A rank that fails tells the others, so that
// none waits for it. With one rank nothing is sent.
class Exchange {
 public:
  explicit Exchange(dist::ProcessGroup& group) : group_(group) {}

  // What all ranks found, by rank. `tokens_read` must be the same on all of them; `last`: no round
  // follows. Throws, on every rank, the Error of a rank that called fail() instead, naming it, and
  // Error(kIncompatible) for ranks that read different tokens.
  std::vector<std::string> round(const std::string& found, int64_t tokens_read, bool last);

  // In place of the next round, if there is one. Throws nothing: `error` is what matters.
  void fail(const std::exception& error) noexcept;

 private:
  dist::ProcessGroup& group_;
  bool over_ = false;  // no rank waits for another round
};

}  // namespace rexbert::eval
