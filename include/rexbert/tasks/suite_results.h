#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/json.h"

namespace rexbert::tasks {

// A checkpoint that was scored.
struct SuiteModel {
  std::string name;
  std::string folder;
  int64_t parameters = 0;
  int64_t tokens = 0;  // trained on; 0: unknown
};

// A number that a task is scored by.
struct SuiteMeasure {
  std::string name;    // "entity F1"
  std::string key;     // "f1"
  double scale = 100;  // reports show the value times this
  bool higher_is_better = true;

  bool operator==(const SuiteMeasure&) const = default;
};

struct SuiteTask {
  std::string name;                    // "queryner"
  std::string kind;                    // "token classification"
  std::string about;                   // one line: data and counts
  std::vector<SuiteMeasure> measures;  // the first sums the task up
  // Those that each model is to be scored with; none: as many as any model has scores of.
  std::vector<uint64_t> seeds = {};
};

// One model on one task with one seed.
struct SuiteScore {
  std::string model;
  std::string task;
  uint64_t seed = 0;
  // By the measures' keys; a value that is not finite is undefined, such as the correlation with a
  // constant.
  std::map<std::string, double> values;
  // What the report shows beside the measures; each member may be missing, others are kept in
  // results.json alone. `part` stands for an object of values by the measures' keys.
  //   hyper_parameters  an object: what was chosen
  //   seconds           what it took
  //   types, domains    {name: part}: an entity type's scores, recovery in a domain
  //   positions         [part and `from`, the first token of each stretch]
  // A part of `types` may say how many there are as `support`.
  Json details = Json::object();
};

// What a suite found so far. The first model is the one that the others are compared with.
struct SuiteResults {
  std::string name;
  std::vector<SuiteModel> models;
  std::vector<SuiteTask> tasks;
  std::vector<SuiteScore> scores;
  Json platform = Json::object();
};

inline constexpr int kSuiteResultsVersion = 1;

// docs/formats/suite-results.md. What is undefined is null.
Json to_json(const SuiteResults& results);

// Throws Error(kIncompatible) for another version, Error(kCorrupt) naming `source` and the place
// for what is missing or of another type, and where check() finds a fault.
SuiteResults parse_suite_results(std::string_view text, std::string_view source);

// Throws Error(kCorrupt) for two models, two tasks or two scores of the same name, a task without a
// measure, and a score of no model or task, without a value of each measure, with a seed that its
// task does not have or with details of another form than above.
void check(const SuiteResults& results, std::string_view source);

// The results of several suites as one, of other models, tasks or seeds: models and tasks of one
// name are the same, and seeds add up. `sources` names them. Throws Error(kIncompatible) where they
// are not (other parameters, other measures), and as check() does.
SuiteResults merge(const std::vector<SuiteResults>& parts, const std::vector<std::string>& sources);

// Of runs that differ in their seeds alone.
struct ScoreSummary {
  std::vector<double> values;  // by rising seed
  // Both NaN where one of the values is undefined or there is none; the sample standard deviation
  // of one value too.
  double mean;
  double deviation;

  int64_t seeds() const { return static_cast<int64_t>(values.size()); }
};
ScoreSummary summarize(std::vector<double> values);
ScoreSummary summarize(const SuiteResults& results, const SuiteModel& model, const SuiteTask& task,
                       const SuiteMeasure& measure);

// How many scores each model is to have of a task.
int64_t expected_seeds(const SuiteResults& results, const SuiteTask& task);

}  // namespace rexbert::tasks
