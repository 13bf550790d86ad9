#include "dist/c10d_group.h"

#include <ATen/ATen.h>

#include <c10/util/Logging.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <torch/csrc/distributed/c10d/HashStore.hpp>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "rexbert/core/broken_pipes.h"
#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::dist {
namespace {

using Clock = std::chrono::steady_clock;

// c10d's errors begin with the place in its sources, and end with a stack of many lines.
std::string plain_words(std::string text) {
  text = text.substr(0, text.find('\n'));
  if (text.starts_with("[")) {
    const size_t end = text.find("] ");
    if (end != std::string::npos) text = text.substr(end + 2);
  }
  return text;
}

at::Tensor as_bytes(const std::string& text, int64_t size) {
  at::Tensor bytes = at::zeros({size}, at::kByte);
  std::memcpy(bytes.data_ptr(), text.data(), text.size());
  return bytes;
}

std::string as_text(const at::Tensor& bytes, int64_t size) {
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<size_t>(size)};
}

void all_reduce(c10d::ProcessGroup& group, const at::Tensor& tensor) {
  std::vector<at::Tensor> tensors{tensor};
  group.allreduce(tensors)->wait();
}

void broadcast_from_first(c10d::ProcessGroup& group, const at::Tensor& tensor) {
  std::vector<at::Tensor> tensors{tensor};
  group.broadcast(tensors)->wait();
}

bool uses_nccl(const GroupOptions& options) {
  return options.backend == Backend::kNccl ||
         (options.backend == Backend::kAuto && options.device == "cuda");
}

// Each rank's tensor, by rank; all of one size.
std::vector<at::Tensor> gather_tensors(c10d::ProcessGroup& group, const at::Tensor& own) {
  std::vector<at::Tensor> inputs{own};
  std::vector<std::vector<at::Tensor>> outputs(1);
  for (int rank = 0; rank < group.getSize(); ++rank) outputs[0].push_back(at::empty_like(own));
  group.allgather(outputs, inputs)->wait();
  return std::move(outputs[0]);
}

}  // namespace

C10dGroup::C10dGroup(StorePtr store, const Launch& launch, const GroupOptions& options)
    : launch_(launch),
      roll_call_(store, launch.rank, launch.world_size, !launch.store_is_hosted, activity_) {
  const auto named = [&](const char* name) {
    return StorePtr(c10::make_intrusive<c10d::PrefixStore>(name, store));
  };
  guard("connecting the ranks", [&] {
    control_ = make_gloo(named("control"), launch, options);
    data_ = uses_nccl(options) ? make_nccl(named("data"), launch, options)
                               : make_gloo(named("data"), launch, options);
  });
}

// Destroying c10d's groups waits for what is under way in them, which after a failure may never
// end.
C10dGroup::~C10dGroup() {
  if (!failed_) return;
  control_.release();
  data_.release();
}

void C10dGroup::guard(const char* what, const std::function<void()>& body) {
  const Clock::time_point start = Clock::now();
  activity_->in_collective = true;
  try {
    body();
    activity_->in_collective = false;
  } catch (const Error&) {
    throw;
  } catch (const std::exception& failure) {
    fail(what, seconds_since(start), failure.what());
  }
}

void C10dGroup::fail(const char* what, double seconds, const std::string& why) {
  failed_ = true;
  const std::string findings = roll_call_.call();
  throw Error(
      ErrorCode::kPeer,
      str_cat("rank ", rank(), " of ", world_size(), ", step ", activity_->step.load(), ": ", what,
              str_printf(" failed after %.1f s: ", seconds),
              findings.empty() ? "all ranks are alive" : findings, " (", plain_words(why), ")"));
}

std::vector<double> C10dGroup::all_reduce_sum(const std::vector<double>& values) {
  at::Tensor sums = at::tensor(values, at::kDouble);
  guard("the sum of numbers", [&] { all_reduce(*control_, sums); });
  const double* begin = sums.const_data_ptr<double>();
  return {begin, begin + sums.numel()};
}

std::vector<std::string> C10dGroup::all_gather(const std::string& value) {
  std::vector<std::string> values;
  guard("the exchange of texts", [&] {
    const auto own_size = static_cast<int64_t>(value.size());
    std::vector<int64_t> sizes;
    int64_t longest = 1;
    for (const at::Tensor& size : gather_tensors(*control_, at::full({1}, own_size, at::kLong))) {
      sizes.push_back(size.item<int64_t>());
      longest = std::max(longest, sizes.back());
    }
    const auto texts = gather_tensors(*control_, as_bytes(value, longest));
    for (size_t i = 0; i < texts.size(); ++i) values.push_back(as_text(texts[i], sizes[i]));
  });
  return values;
}

std::string C10dGroup::broadcast(const std::string& value) {
  std::string received;
  guard("the broadcast of a text", [&] {
    const at::Tensor size = at::full({1}, static_cast<int64_t>(value.size()), at::kLong);
    broadcast_from_first(*control_, size);
    const auto bytes = size.item<int64_t>();
    at::Tensor text = rank() == 0 ? as_bytes(value, bytes) : at::empty({bytes}, at::kByte);
    if (bytes > 0) broadcast_from_first(*control_, text);
    received = as_text(text, bytes);
  });
  return received;
}

void C10dGroup::broadcast(const std::vector<at::Tensor>& tensors) {
  const at::NoGradGuard no_grad;
  guard("the broadcast of tensors", [&] {
    for (const at::Tensor& tensor : tensors) broadcast_from_first(*data_, tensor.detach());
  });
}

void C10dGroup::all_reduce_sum(const at::Tensor& tensor) {
  guard("the sum of a tensor", [&] { all_reduce(*data_, tensor.detach()); });
}

void C10dGroup::barrier() { all_reduce_sum(std::vector<double>{0}); }

void C10dGroup::leave(const std::string& why) {
  if (!failed_) roll_call_.leave(plain_words(why));  // after a failure all know already
}

std::unique_ptr<GradientReducer> C10dGroup::reducer(const std::vector<at::Tensor>& parameters,
                                                    const ReducerOptions& options) {
  return make_reducer(*this, data_, parameters, options);
}

std::unique_ptr<ProcessGroup> connect(const Launch& launch, const GroupOptions& options) {
  // c10d warns at length of what an Error of ours says in a line.
  setenv("TORCH_CPP_LOG_LEVEL", "ERROR", 0);
  c10::initLogging();
  if (launch.world_size > 1) {
    ignore_broken_pipes();  // as Python does: a lost rank has to be an error here, not a signal
    return std::make_unique<C10dGroup>(meet(launch, options.timeout), launch, options);
  }
  if (options.backend == Backend::kAuto) return single_process();
  return std::make_unique<C10dGroup>(c10::make_intrusive<c10d::HashStore>(), launch, options);
}

}  // namespace rexbert::dist
