#pragma once

#include <ATen/record_function.h>

#include <array>
#include <cstdint>
#include <map>
#include <mutex>

#include "rexbert/nn/costs.h"

namespace rexbert::nn {

// Code that belongs to a part of a step, to the end of its scope; scopes do not nest. What autograd
// records in it counts for the part in the backward pass too. Costs some nanoseconds where nobody
// profiles.
class PartScope {
 public:
  explicit PartScope(StepPart part);

 private:
  at::RecordFunction record_;
};

// The result of `body`, run in a scope of `part`.
template <typename Body>
auto in_part(StepPart part, const Body& body) {
  const PartScope scope(part);
  return body();
}

// Adds up, while it lives, what the parts of steps take on the CPU, by LibTorch's record functions:
// the forward scopes, and backward the nodes of the autograd graph that were made in them. One at a
// time in a process, else Error(kUsage). Work on a GPU ends later than the call that starts it, so
// these times say nothing there.
class StepProfile {
 public:
  StepProfile();
  ~StepProfile();
  StepProfile(const StepProfile&) = delete;
  StepProfile& operator=(const StepProfile&) = delete;

  struct Times {
    double forward_seconds = 0;
    double backward_seconds = 0;
    int64_t backward_nodes = 0;  // of the autograd graph
    double seconds() const { return forward_seconds + backward_seconds; }
  };
  Times times(StepPart part) const;
  // Starts again from nothing.
  void clear();

 private:
  struct Open;
  static std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function);
  static void end(const at::RecordFunction& function, at::ObserverContext* context);
  int part_of(uint64_t sequence) const;

  at::CallbackHandle handle_;
  mutable std::mutex mutex_;
  std::array<Times, kStepParts> times_{};
  // Parts by the first number of autograd's sequence in their scopes; -1 behind each.
  std::map<uint64_t, int> part_from_;
};

}  // namespace rexbert::nn
