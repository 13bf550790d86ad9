#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// dist: how the processes of a run find each other and add their gradients up. The trainer sees
// this one interface; for a run of one process it does nothing at no cost.
namespace rexbert::dist {

class ProcessGroup {
 public:
  virtual ~ProcessGroup() = default;
  virtual int rank() const = 0;
  virtual int world_size() const = 0;
  // Sums each tensor over all processes, in place.
  virtual void all_reduce_sum(const std::vector<at::Tensor>& tensors) = 0;
  // The sum over all processes of a host number.
  virtual int64_t all_reduce_sum(int64_t value) = 0;
  // The values of all processes, by rank.
  virtual std::vector<std::string> all_gather(const std::string& value) = 0;
  virtual void barrier() = 0;
};

// The processes that this one was started with (launch.h). Error(kUsage) for more than one, which
// this version cannot serve.
std::unique_ptr<ProcessGroup> connect();

}  // namespace rexbert::dist
