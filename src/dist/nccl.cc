#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include "dist/c10d_group.h"

namespace rexbert::dist {

GroupPtr make_nccl(const StorePtr& store, const Launch& launch, const GroupOptions& options) {
  // A collective that does not end in time, or fails on another rank, ends the process (what c10d
  // does by default), and the last ones of each rank are written where
  // TORCH_NCCL_DEBUG_INFO_TEMP_FILE says. What the user has set stays.
  setenv("TORCH_NCCL_ASYNC_ERROR_HANDLING", "1", 0);
  setenv("TORCH_NCCL_TRACE_BUFFER_SIZE", "2000", 0);
  setenv("TORCH_NCCL_DUMP_ON_TIMEOUT", "1", 0);
  if (!options.interface.empty()) setenv("NCCL_SOCKET_IFNAME", options.interface.c_str(), 0);
  const auto nccl_options =
      c10d::ProcessGroupNCCL::Options::create(/*is_high_priority_stream=*/true);
  nccl_options->timeout = options.timeout;
  const auto backend = c10::make_intrusive<c10d::ProcessGroupNCCL>(store, launch.rank,
                                                                   launch.world_size, nccl_options);
  const auto group = c10::make_intrusive<c10d::ProcessGroup>(store, launch.rank, launch.world_size);
  group->setDefaultBackend(c10d::ProcessGroup::BackendType::NCCL);
  group->setBackend(c10::DeviceType::CUDA, c10d::ProcessGroup::BackendType::NCCL,
                    c10::intrusive_ptr<c10d::Backend>(backend));
  return group;
}

}  // namespace rexbert::dist
