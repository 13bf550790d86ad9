#include <ATen/ATen.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <torch/csrc/distributed/c10d/comm.hpp>
#include <torch/csrc/distributed/c10d/reducer.hpp>
#include <utility>

#include "dist/c10d_group.h"
#include "rexbert/core/clock.h"
#include "rexbert/core/hash.h"

namespace rexbert::dist {
namespace {

using Clock = std::chrono::steady_clock;
using FuturePtr = c10::intrusive_ptr<c10::ivalue::Future>;

// The small first bucket of the Reducer starts the reduction early, as in DistributedDataParallel.
constexpr int64_t kFirstBucketBytes = 1 << 20;

// What the hook sees of one reduction.
struct Progress {
  Clock::time_point last_bucket_ready;
  std::function<void()> all_ready;  // called when this rank's gradients are all there
  std::mutex mutex;
  std::string failure;  // of a collective
};

// Sums each bucket over the processes, without the division by their number that the Reducer does
// by itself: the trainer divides by the count of the whole global batch.
class SumHook final : public c10d::CommHookInterface {
 public:
  SumHook(GroupPtr group, const ReducerOptions& options, std::shared_ptr<Progress> progress)
      : group_(std::move(group)), options_(options), progress_(std::move(progress)) {}

  FuturePtr runHook(c10d::GradBucket& bucket) override {
    progress_->last_bucket_ready = Clock::now();
    if (bucket.isLast()) progress_->all_ready();
    const at::Tensor buffer = bucket.getBuffer();
    const std::vector<c10::Device> devices =
        buffer.is_cpu() ? std::vector<c10::Device>() : std::vector<c10::Device>{buffer.device()};
    auto done = c10::make_intrusive<c10::ivalue::Future>(c10::TensorType::get(), devices);
    if (options_.overlap) {
      start(buffer, done);
      return done;
    }
    waiting_.emplace_back(buffer, done);
    if (bucket.isLast()) {
      for (const auto& [waiting_buffer, waiting_done] : std::exchange(waiting_, {})) {
        start(waiting_buffer, waiting_done);
      }
    }
    return done;
  }

  at::Tensor parseHookResult(const c10::IValue& result) override { return result.toTensor(); }

 private:
  void start(const at::Tensor& buffer, const FuturePtr& done) {
    const bool compressed = options_.compression == Compression::kBf16;
    const at::Tensor sent = compressed ? buffer.to(at::kBFloat16) : buffer;
    std::vector<at::Tensor> tensors{sent};
    group_->allreduce(tensors)->getFuture()->addCallback(
        [buffer, sent, compressed, done, progress = progress_](c10::ivalue::Future& work) {
          if (work.hasError()) {
            const std::scoped_lock lock(progress->mutex);
            progress->failure = work.tryRetrieveErrorMessage();
            done->setError(work.exception_ptr());
            return;
          }
          if (compressed) buffer.copy_(sent);
          done->markCompleted(buffer);
        });
  }

  GroupPtr group_;
  ReducerOptions options_;
  std::shared_ptr<Progress> progress_;
  std::vector<std::pair<at::Tensor, FuturePtr>> waiting_;
};

std::shared_ptr<c10d::Reducer> make_c10d_reducer(const GroupPtr& group,
                                                 const std::vector<at::Tensor>& parameters,
                                                 const ReducerOptions& options) {
  const int64_t first_bytes = std::min(kFirstBucketBytes, options.bucket_bytes);
  auto [buckets, limits] = c10d::compute_bucket_assignment_by_size(
      parameters, {static_cast<size_t>(first_bytes), static_cast<size_t>(options.bucket_bytes)});
  std::reverse(buckets.begin(), buckets.end());  // gradients come from the last layer first
  return std::make_shared<c10d::Reducer>(
      parameters, std::move(buckets), group, std::vector<bool>(parameters.size(), false),
      options.bucket_bytes, /*find_unused_parameters=*/false, /*gradient_as_bucket_view=*/true,
      std::unordered_map<size_t, std::string>(), first_bytes,
      /*skip_all_reduce_unused_params=*/false, /*use_python_reducer=*/false,
      std::vector<int64_t>());
}

class C10dReducer final : public GradientReducer {
 public:
  C10dReducer(C10dGroup& group, const GroupPtr& data, const std::vector<at::Tensor>& parameters,
              const ReducerOptions& options)
      : group_(group),
        parameters_(parameters),
        progress_(std::make_shared<Progress>()),
        reducer_(make_c10d_reducer(data, parameters, options)) {
    progress_->all_ready = [&group] { group.activity().in_collective = true; };
    reducer_->register_comm_hook(std::make_unique<SumHook>(data, options, progress_));
  }

  // As the group: what is under way in a failed one may never end.
  ~C10dReducer() override {
    if (group_.failed()) new std::shared_ptr<c10d::Reducer>(std::move(reducer_));
  }

  void settle(const at::Tensor& loss) override {
    backward(loss, true);
    group_.guard("the settling of gradient buckets", [&] { reducer_->rebuild_buckets(); });
    const at::NoGradGuard no_grad;
    for (const at::Tensor& parameter : parameters_) parameter.mutable_grad().zero_();
  }

  void backward(const at::Tensor& loss, bool last) override {
    if (!last) {
      loss.backward();
      return;
    }
    const Clock::time_point start = Clock::now();
    try {
      reducer_->prepare_for_forward();
      reducer_->prepare_for_backward({});
      loss.backward();
    } catch (const std::exception&) {
      const std::scoped_lock lock(progress_->mutex);
      if (progress_->failure.empty()) throw;  // not of a collective
      group_.fail("the sum of gradients", seconds_since(start), progress_->failure);
    }
    group_.activity().in_collective = false;
    exposed_seconds_ = seconds_since(progress_->last_bucket_ready);
  }

  double exposed_seconds() const override { return exposed_seconds_; }

  std::string layout() const override {
    std::map<const void*, size_t> index_of;
    for (size_t i = 0; i < parameters_.size(); ++i) {
      index_of[parameters_[i].unsafeGetTensorImpl()] = i;
    }
    std::string text;
    for (const c10d::GradBucket& bucket : reducer_->get_grad_buckets()) {
      for (const at::Tensor& parameter : bucket.getParameters()) {
        text += std::to_string(index_of.at(parameter.unsafeGetTensorImpl())) + " ";
      }
      text += "\n";
    }
    return hash_hex("xxh3_64", text);
  }

 private:
  C10dGroup& group_;
  std::vector<at::Tensor> parameters_;
  std::shared_ptr<Progress> progress_;
  std::shared_ptr<c10d::Reducer> reducer_;
  double exposed_seconds_ = 0;
};

}  // namespace

std::unique_ptr<GradientReducer> make_reducer(C10dGroup& group, GroupPtr data,
                                              const std::vector<at::Tensor>& parameters,
                                              const ReducerOptions& options) {
  return std::make_unique<C10dReducer>(group, data, parameters, options);
}

}  // namespace rexbert::dist
