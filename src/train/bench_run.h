#pragma once

#include <cstdint>
#include <memory>

#include "rexbert/batch/packed_batch.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/nn/costs.h"
#include "rexbert/nn/model.h"
#include "rexbert/optim/stable_adamw.h"
#include "rexbert/train/bench.h"

namespace rexbert::train {

// A model that is trained on full sequences of random tokens, or on the steps of a source.
class BenchRun {
 public:
  BenchRun(const TrainBenchOptions& options, dist::ProcessGroup& group);

  // The next step, from its data's way to the device to its loss, and its seconds.
  double step();

  double loss() const { return loss_; }                            // of the last step
  nn::BatchShape shape() const { return shape_; }                  // of the last step
  double data_wait_seconds() const { return data_wait_seconds_; }  // of the last step
  double waited_seconds() const { return reducer_->exposed_seconds(); }
  double peak_memory_gib() const;  // of the process, or of its tensors on a GPU
  c10::Device device() const { return model_.device(); }
  const nn::MaskedLanguageModel& model() const { return model_; }

 private:
  batch::PackedBatch next_batch();

  TrainBenchOptions options_;
  uint64_t first_number_;  // of the rank's batches
  nn::MaskedLanguageModel model_;
  std::unique_ptr<optim::StableAdamW> optimizer_;
  std::unique_ptr<dist::GradientReducer> reducer_;
  int64_t steps_ = 0;
  double loss_ = 0;
  double data_wait_seconds_ = 0;
  nn::BatchShape shape_;
};

}  // namespace rexbert::train
