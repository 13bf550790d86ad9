#pragma once

#include <string>
#include <vector>

#include "rexbert/core/json.h"

namespace rexbert::train {

// Where the time of one rank's steps went, seconds a step on average.
struct RankTimes {
  double step = 0;
  double data_wait = 0;
  double exposed = 0;  // adding gradients up, with nothing to hide it; waiting for slow ranks too
  std::string host;

  double compute() const { return step - data_wait - exposed; }
  Json to_json() const;
  static RankTimes from_json(const Json& json);
};

// {"step": {"min", "median", "max"}, "data_wait": ..., "compute": ..., "exposed": ...}, seconds.
Json spread_of(const std::vector<RankTimes>& by_rank);

// One line for each rank that makes the others wait: whose own work (compute and data) takes more
// than 1.25 times the median of all ranks, and 50 ms longer. None for fewer than three ranks, of
// which no median tells which one is the odd one.
std::vector<std::string> slow_ranks(const std::vector<RankTimes>& by_rank);

}  // namespace rexbert::train
