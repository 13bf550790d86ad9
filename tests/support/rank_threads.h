#pragma once

#include <ATen/ATen.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/dist/process_group.h"
#include "support/errors.h"

namespace rexbert::test {

// Where the ranks of a group meet: what each of them brought.
class Meeting {
 public:
  explicit Meeting(int ranks) : barrier_(ranks), values_(static_cast<size_t>(ranks)) {}

  // Throws Error(kInternal) where a rank does not come any more.
  std::vector<std::string> gather(int rank, const std::string& value) {
    values_[static_cast<size_t>(rank)] = value;
    barrier_.arrive_and_wait();
    const bool complete = !left_;
    const std::vector<std::string> all = values_;
    barrier_.arrive_and_wait();
    if (!complete) throw Error(ErrorCode::kInternal, "left waiting");
    return all;
  }

  void leave() {
    left_ = true;
    barrier_.arrive_and_drop();
  }

 private:
  std::barrier<> barrier_;
  std::vector<std::string> values_;
  std::atomic<bool> left_ = false;
};

// A rank whose process is a thread of the test.
class RankThread final : public dist::ProcessGroup {
 public:
  RankThread(Meeting& meeting, int rank, int world_size)
      : meeting_(meeting), rank_(rank), world_size_(world_size) {}

  int rank() const override { return rank_; }
  int world_size() const override { return world_size_; }
  void set_step(int64_t) override {}
  std::vector<double> all_reduce_sum(const std::vector<double>& values) override {
    const at::Tensor sums = at::tensor(values, at::kDouble);
    all_reduce_sum(sums);
    return {sums.const_data_ptr<double>(), sums.const_data_ptr<double>() + sums.numel()};
  }
  void all_reduce_sum(const at::Tensor& tensor) override {
    const at::Tensor own = tensor.contiguous();
    const auto all = all_gather({static_cast<const char*>(own.const_data_ptr()), own.nbytes()});
    tensor.zero_();
    for (std::string bytes : all) {
      tensor.add_(at::from_blob(bytes.data(), own.sizes(), own.options()));
    }
  }
  std::string broadcast(const std::string& value) override { return all_gather(value).front(); }
  void broadcast(const std::vector<at::Tensor>& tensors) override {
    for (const at::Tensor& tensor : tensors) {
      const at::Tensor own = tensor.contiguous();
      std::string first =
          broadcast(std::string(static_cast<const char*>(own.const_data_ptr()), own.nbytes()));
      tensor.copy_(at::from_blob(first.data(), own.sizes(), own.options()));
    }
  }
  std::vector<std::string> all_gather(const std::string& value) override {
    ++gathers_;
    return meeting_.gather(rank_, value);
  }
  void barrier() override { all_gather({}); }
  void leave(const std::string&) override {}
  // Of this rank's gradients alone.
  std::unique_ptr<dist::GradientReducer> reducer(const std::vector<at::Tensor>& parameters,
                                                 const dist::ReducerOptions& options) override {
    return dist::single_process()->reducer(parameters, options);
  }

  // How often this rank met the others.
  int gathers() const { return gathers_; }

 private:
  Meeting& meeting_;
  int rank_;
  int world_size_;
  int gathers_ = 0;
};

// Calls body(rank) for every rank of a group, each in a thread of its own; returns how each ended,
// as error_of says it. A rank that waits for one that has ended fails.
inline std::vector<std::string> run_ranks(int world_size,
                                          const std::function<void(RankThread&)>& body) {
  Meeting meeting(world_size);
  std::vector<std::string> errors(static_cast<size_t>(world_size));
  std::vector<std::jthread> threads;
  for (int rank = 0; rank < world_size; ++rank) {
    threads.emplace_back([&, rank] {
      RankThread group(meeting, rank, world_size);
      errors[static_cast<size_t>(rank)] = error_of([&] { body(group); });
      meeting.leave();
    });
  }
  threads.clear();
  return errors;
}

}  // namespace rexbert::test
