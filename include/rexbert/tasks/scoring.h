#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/nn/model.h"
#include "rexbert/tasks/examples.h"
#include "rexbert/tasks/options.h"
#include "rexbert/tasks/suite_results.h"
#include "rexbert/tasks/task_model.h"

namespace rexbert::tasks {

// What a model says of examples, in their order. Which list is filled depends on the goal.
struct Predictions {
  std::vector<std::vector<int>> tags;  // kTagging: of the words that were not cut off
  std::vector<int> labels;             // kClassification
  std::vector<double> values;          // kRegression: outputs; kSimilarity: cosines
};

// Without gradients; batches of examples of like length, nothing padded. Error(kInterrupted) when
// `stop_requested`, asked after each batch, is true.
Predictions predict(TaskModel& model, Goal goal, const std::vector<Example>& examples,
                    const nn::RopeTheta& rope, const TuningOptions& options,
                    const std::function<bool()>& stop_requested = {});

// What a split is scored by; the first sums it up.
std::vector<SuiteMeasure> measures_of_split(const TaskData& data);
// The same of a task: with several test splits, each has all of them ("matched_accuracy").
std::vector<SuiteMeasure> measures_of(const TaskData& data);

struct TaskScore {
  std::map<std::string, double> values;  // by SuiteMeasure::key; NaN where a measure has no value
  Json details = Json::object();         // of kTagging: each type's scores
};

// Scores of one split, without its name in the keys:
//   kTagging         f1, precision, recall and macro_f1 of entities, as seqeval 1.2.2; words that
//                    were cut off are taken for O
//   kClassification  accuracy and macro_f1
//   kSimilarity      spearman and pearson of the cosines with the targets; ndcg of each group's
//                    ranking by cosine, averaged over the groups that have a gain
//   GLUE             the task's own metrics
TaskScore score(const TaskData& data, const Split& split, const Predictions& predictions);

}  // namespace rexbert::tasks
