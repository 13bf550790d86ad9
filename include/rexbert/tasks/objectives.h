#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "rexbert/tasks/examples.h"
#include "rexbert/tasks/options.h"
#include "rexbert/tasks/task_model.h"
#include "rexbert/train/objective.h"

namespace rexbert::tasks {

// log(1 + sum exp(scale (cosine_j - cosine_i))) over all pairs i, j of a batch with
// target_i > target_j (CoSENT, Su 2022; CoSENTLoss of sentence-transformers 5, whose default scale
// is 20). cosine_P and target_P: float32 [P]; a scalar.
torch::Tensor cosent_loss(const torch::Tensor& cosine_P, const torch::Tensor& target_P,
                          double scale);

// The loss of a goal over batches of an ExampleLoader, whose `sample` is a place in `examples`:
//   kTagging         cross-entropy at each word's first token
//   kClassification  cross-entropy of the pooled state
//   kRegression      squared error of the pooled state's one output
//   kSimilarity      CoSENT of the pooled states' cosines; a micro-batch is one term
// All outlive the objective.
std::unique_ptr<train::Objective> make_objective(TaskModel& model, Goal goal,
                                                 const std::vector<Example>& examples,
                                                 const TuningOptions& options, uint64_t seed);

}  // namespace rexbert::tasks
