#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "rexbert/batch/lane_reader.h"
#include "rexbert/batch/loader_state.h"
#include "rexbert/batch/options.h"
#include "rexbert/batch/packed_batch.h"
#include "rexbert/batch/step_source.h"
#include "rexbert/batch/stream_source.h"
#include "rexbert/plan/plan.h"

namespace rexbert::batch {

// Masks a micro-batch of whole rows in place, as Masker::apply does; what it does to a sequence may
// depend on neither the rank nor the micro-batch. Called from the loader's thread.
using MaskFunction = std::function<void(const plan::MaskingSpec&, PackedBatch&)>;

struct LoaderSetup {
  // In the run's stream order: what a StepSpec's mixture is parallel to.
  std::vector<std::shared_ptr<const StreamSource>> streams;
  // What step `step` is: Plan::at. Called from the loader's thread.
  std::function<plan::StepSpec(int64_t step)> step_at;
  int64_t end_step = 0;
  MaskFunction mask = {};  // empty: no masking
  DataOptions options = {};
  // Asked several times a second, in any thread, while a shard behind a URL is waited for: true
  // ends the wait, and next(), with Error(kInterrupted). Empty: never.
  std::function<bool()> stop_requested = {};
  uint64_t seed = 0;
  int32_t rank = 0;
  int32_t world = 1;  // divides the lanes
};

// Gives the streams the slices that `state` kept of them, if it is of as many lanes: where they are
// asked for before there is a loader, which does the same.
void reuse_slices(const std::vector<std::shared_ptr<const StreamSource>>& streams,
                  const LoaderState& state);

// Serves the steps of a run to one rank. The batches of all ranks together are the same for every
// world size, and after a restart from state().
class Loader final : public StepSource {
 public:
  // Starts at `state.next_step`. Streams that the state does not know start at their beginning;
  // those of the state that the setup does not name keep their cursors. Throws Error(kUsage) for a
  // setup that does not fit together and Error(kIncompatible) for a state of other lanes or data.
  explicit Loader(LoaderSetup setup, LoaderState state = {});
  // Waits for data end at once.
  ~Loader() override;
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The next step. Throws what making it threw, here, in order, and again at every further call;
  // Error(kUsage) after the last step.
  LoadedStep next() override;

  // The state after the last step that next() returned, whatever was made ahead; of the lanes that
  // this rank serves.
  const LoaderState& state() const override { return state_; }

 private:
  class Maker;
  class Prefetcher;

  std::unique_ptr<Maker> maker_;
  std::unique_ptr<Prefetcher> prefetcher_;  // empty: steps are made in next()
  LoaderState state_;
  std::exception_ptr failure_;
};

}  // namespace rexbert::batch
