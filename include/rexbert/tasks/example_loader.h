#pragma once

#include <cstdint>
#include <vector>

#include "rexbert/batch/step_source.h"
#include "rexbert/plan/plan.h"
#include "rexbert/tasks/examples.h"

namespace rexbert::tasks {

// Sequences of examples laid end to end. `sample` of a sequence's SampleId is the example's place,
// `token` which of its sequences it is.
class ExamplePacker {
 public:
  ExamplePacker() { batch_.offsets_S1.push_back(0); }
  void add(const Example& example, int64_t place, int64_t row, int32_t epoch = 0);
  int64_t tokens() const { return batch_.tokens(); }
  // What was added since the last take().
  batch::PackedBatch take();

 private:
  batch::PackedBatch batch_;
};

// The batches of fine-tuning. Row n of the run is an example: of epoch n / N that which a keyed
// permutation of (seed, epoch) has at n mod N. Batches run on over the ends of epochs.
class ExampleLoader final : public batch::StepSource {
 public:
  struct Setup {
    const std::vector<Example>& examples;
    const plan::Plan& plan;
    int64_t micro_tokens = 16'384;
    bool whole_batches = false;  // a step is one micro-batch, whatever its tokens
    uint64_t seed = 0;
  };
  // What `setup` refers to outlives the loader.
  ExampleLoader(const Setup& setup, int64_t first_step);

  // Error(kUsage) after the last step.
  batch::LoadedStep next() override;
  const batch::LoaderState& state() const override { return state_; }

  // The places of the examples of a step, in their order.
  std::vector<int64_t> places(const plan::StepSpec& spec) const;

 private:
  int64_t place(int64_t row) const;

  Setup setup_;
  batch::LoaderState state_;
};

}  // namespace rexbert::tasks
