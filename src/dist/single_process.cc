#include "rexbert/dist/process_group.h"

namespace rexbert::dist {
namespace {

class OwnGradients final : public GradientReducer {
 public:
  void settle(const at::Tensor&) override {}
  void backward(const at::Tensor& loss, bool) override { loss.backward(); }
  double exposed_seconds() const override { return 0; }
  std::string layout() const override { return ""; }
};

class SingleProcess final : public ProcessGroup {
 public:
  int rank() const override { return 0; }
  int world_size() const override { return 1; }
  void set_step(int64_t) override {}
  std::vector<double> all_reduce_sum(const std::vector<double>& values) override { return values; }
  std::vector<std::string> all_gather(const std::string& value) override { return {value}; }
  std::string broadcast(const std::string& value) override { return value; }
  void broadcast(const std::vector<at::Tensor>&) override {}
  void all_reduce_sum(const at::Tensor&) override {}
  void barrier() override {}
  void leave(const std::string&) override {}
  std::unique_ptr<GradientReducer> reducer(const std::vector<at::Tensor>&,
                                           const ReducerOptions&) override {
    return std::make_unique<OwnGradients>();
  }
};

}  // namespace

std::unique_ptr<ProcessGroup> single_process() { return std::make_unique<SingleProcess>(); }

}  // namespace rexbert::dist
