#include <string>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/dist/launch.h"
#include "rexbert/dist/process_group.h"

namespace rexbert::dist {
namespace {

class SingleProcess final : public ProcessGroup {
 public:
  int rank() const override { return 0; }
  int world_size() const override { return 1; }
  void all_reduce_sum(const std::vector<at::Tensor>&) override {}
  int64_t all_reduce_sum(int64_t value) override { return value; }
  std::vector<std::string> all_gather(const std::string& value) override { return {value}; }
  void barrier() override {}
};

}  // namespace

std::unique_ptr<ProcessGroup> connect() {
  const Launch launch = discover_launch({});
  if (launch.world_size != 1) {
    throw Error(ErrorCode::kUsage,
                str_cat("expected one process, got ", launch.world_size, " by what ",
                        launch.launcher, " says; this version trains in one process"));
  }
  return std::make_unique<SingleProcess>();
}

}  // namespace rexbert::dist
