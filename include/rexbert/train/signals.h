#pragma once

namespace rexbert::train {

// While it lives, SIGINT and SIGTERM do not end the process but are remembered, so that a run can
// end at the next step with a checkpoint; a second one ends it at once. One at a time.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  static bool received();
};

}  // namespace rexbert::train
