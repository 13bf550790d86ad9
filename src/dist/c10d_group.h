#pragma once

#include <functional>
#include <memory>
#include <string>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <vector>

#include "dist/roll_call.h"
#include "rexbert/dist/process_group.h"

namespace rexbert::dist {

using GroupPtr = c10::intrusive_ptr<c10d::ProcessGroup>;

// A c10d group over Gloo.
GroupPtr make_gloo(const StorePtr& store, const Launch& launch, const GroupOptions& options);
// One over NCCL, on the GPU that is current. Error(kUsage) where the build has none.
GroupPtr make_nccl(const StorePtr& store, const Launch& launch, const GroupOptions& options);

// The processes of a launch over c10d: one Gloo group for texts and numbers, one group of the
// device's backend for tensors, so that neither waits in the other's queue.
class C10dGroup final : public ProcessGroup {
 public:
  C10dGroup(StorePtr store, const Launch& launch, const GroupOptions& options);
  ~C10dGroup() override;

  int rank() const override { return launch_.rank; }
  int world_size() const override { return launch_.world_size; }
  void set_step(int64_t step) override { activity_->step = step; }
  std::vector<double> all_reduce_sum(const std::vector<double>& values) override;
  std::vector<std::string> all_gather(const std::string& value) override;
  std::string broadcast(const std::string& value) override;
  void broadcast(const std::vector<at::Tensor>& tensors) override;
  void all_reduce_sum(const at::Tensor& tensor) override;
  void barrier() override;
  void leave(const std::string& why) override;
  std::unique_ptr<GradientReducer> reducer(const std::vector<at::Tensor>& parameters,
                                           const ReducerOptions& options) override;

  // Runs `body`; what leaves it as anything but an Error is the failure of the collective `what`.
  void guard(const char* what, const std::function<void()>& body);
  // The collective `what` has failed. Ends the group.
  [[noreturn]] void fail(const char* what, double seconds, const std::string& why);
  bool failed() const { return failed_; }
  Activity& activity() { return *activity_; }

 private:
  Launch launch_;
  std::shared_ptr<Activity> activity_ = std::make_shared<Activity>();
  RollCall roll_call_;
  GroupPtr control_;  // Gloo
  GroupPtr data_;     // the device's
  bool failed_ = false;
};

std::unique_ptr<GradientReducer> make_reducer(C10dGroup& group, GroupPtr data,
                                              const std::vector<at::Tensor>& parameters,
                                              const ReducerOptions& options);

}  // namespace rexbert::dist
