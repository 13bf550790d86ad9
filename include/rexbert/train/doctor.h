#pragma once

#include <string>
#include <vector>

#include "rexbert/dist/process_group.h"

namespace rexbert::train {

// One line of what `rexbert doctor dist` found.
struct Finding {
  std::string what;
  std::string result;  // with its numbers and units
  bool good = true;
};

struct DoctorOptions {
  std::string device = "cpu";
  int device_index = 0;  // of the GPU among this machine's
  int steps = 8;         // of each little training run
  // Ends with the last rank killing itself, to see that the others notice. Under a launcher that
  // watches its processes, the job then counts as failed.
  bool lose_a_rank = false;
};

// Examines the ranks, their connections and this machine with runs of a small encoder on random
// tokens: equal bits on all ranks and in a second run, sums of one process, the speed of sums, what
// of it hides behind the backward pass, and that a weight that differs, a slow rank and, if wanted,
// a lost one are noticed and named. Collective; all ranks return the same findings but the last,
// which lose_a_rank ends.
std::vector<Finding> examine(dist::ProcessGroup& group, const DoctorOptions& options);

}  // namespace rexbert::train
