#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/dist/launch.h"
#include "rexbert/dist/options.h"

// dist: how the processes of a run find each other (launch.h), agree on numbers and texts, and add
// their gradients up while the backward pass still runs. Behind it stand PyTorch's own store,
// process groups and Reducer (c10d), which no other module sees; the trainer knows ProcessGroup and
// GradientReducer. For a run of one process all of it does nothing at no cost.
namespace rexbert::dist {

// Sums the gradients of a model over all processes, bucket by bucket, during the last backward pass
// of a step.
class GradientReducer {
 public:
  virtual ~GradientReducer() = default;

  // One backward pass whose gradients are thrown away: it settles which parameters share a bucket,
  // and with it the order of sums. Once, before the first step.
  virtual void settle(const at::Tensor& loss) = 0;
  // loss.backward(), adding to the gradients. With `last` they are, when it returns, the sums over
  // all processes of what was added since they were zero; without, only this process's. Gradients
  // must be set to zero in place. Error(kPeer) as ProcessGroup says.
  virtual void backward(const at::Tensor& loss, bool last) = 0;

  // Of the last reduction: seconds after this process's own gradients were all there, which no
  // computation hid.
  virtual double exposed_seconds() const = 0;
  // Hash of the settled buckets: equal layouts sum in the same order. Empty for one process.
  virtual std::string layout() const = 0;
};

// All processes of a run. Every process calls the same collective functions in the same order.
//
// A collective that fails, as when a process is gone or silent for longer than the group's timeout,
// is Error(kPeer), which names this rank, the step, the collective and, where that can be found
// out, the ranks that are missing. After one the group can only be destroyed, which never waits.
class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;
  virtual int world_size() const = 0;

  // Named in errors from here on.
  virtual void set_step(int64_t step) = 0;

  // The sums over all processes of each value.
  virtual std::vector<double> all_reduce_sum(const std::vector<double>& values) = 0;
  // The values of all processes, by rank. They may differ in length.
  virtual std::vector<std::string> all_gather(const std::string& value) = 0;
  // Rank 0's value.
  virtual std::string broadcast(const std::string& value) = 0;
  // Makes each tensor rank 0's, in place; shapes and types are equal everywhere.
  virtual void broadcast(const std::vector<at::Tensor>& tensors) = 0;
  // Sums a tensor over all processes, in place; on the device's own path, as gradients are.
  virtual void all_reduce_sum(const at::Tensor& tensor) = 0;
  virtual void barrier() = 0;
  // This process stops for a reason of its own, which the others' errors will give. Never throws.
  virtual void leave(const std::string& why) = 0;

  // `parameters` outlive the reducer, which makes their gradients views of its buckets.
  virtual std::unique_ptr<GradientReducer> reducer(const std::vector<at::Tensor>& parameters,
                                                   const ReducerOptions& options) = 0;
};

// A group of this process alone.
std::unique_ptr<ProcessGroup> single_process();

// Meets the other processes of `launch`; all of them call this. Ignores SIGPIPE from then on,
// unless the program handles it (ignore_broken_pipes). Error(kPeer) naming the ranks that did not
// come within the timeout, Error(kUsage) for a backend that this build does not have.
std::unique_ptr<ProcessGroup> connect(const Launch& launch, const GroupOptions& options);

}  // namespace rexbert::dist
