#include "rexbert/tasks/scoring.h"

#include <algorithm>
#include <numeric>

#include "rexbert/core/error.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "rexbert/eval/model_input.h"
#include "rexbert/metrics/classification.h"
#include "rexbert/metrics/correlation.h"
#include "rexbert/metrics/entities.h"
#include "rexbert/metrics/ranking.h"
#include "rexbert/tasks/example_loader.h"

namespace rexbert::tasks {
namespace {

class Predictor {
 public:
  Predictor(TaskModel& model, Goal goal, const std::vector<Example>& examples,
            const nn::RopeTheta& rope, const TuningOptions& options,
            const std::function<bool()>& stop_requested)
      : model_(model),
        goal_(goal),
        examples_(examples),
        rope_(rope),
        options_(options),
        stop_requested_(stop_requested) {
    if (goal == Goal::kTagging) found_.tags.resize(examples.size());
    if (goal == Goal::kClassification) found_.labels.resize(examples.size());
    if (goal == Goal::kRegression || goal == Goal::kSimilarity) {
      found_.values.resize(examples.size());
    }
  }

  Predictions run() {
    std::vector<size_t> by_length(examples_.size());
    std::iota(by_length.begin(), by_length.end(), size_t{0});
    std::stable_sort(by_length.begin(), by_length.end(), [this](size_t a, size_t b) {
      return examples_[a].tokens() < examples_[b].tokens();
    });
    for (const size_t place : by_length) {
      const Example& example = examples_[place];
      if (packer_.tokens() > 0 && packer_.tokens() + example.tokens() > options_.micro_tokens) {
        flush();
        if (stop_requested_ && stop_requested_()) {
          throw Error(ErrorCode::kInterrupted, "the scoring was asked to stop");
        }
      }
      packer_.add(example, static_cast<int64_t>(place), 0);
    }
    flush();
    return std::move(found_);
  }

 private:
  void flush() {
    if (packer_.tokens() == 0) return;
    const torch::NoGradGuard no_grad;
    batch::PackedBatch batch = packer_.take();
    const nn::EncoderInput input =
        eval::to_device(eval::view_batch(batch, rope_), model_.device()).encoder;
    const torch::Tensor states_TD = model_.states(input);
    if (goal_ == Goal::kTagging) return read_tags(batch, states_TD);
    const torch::Tensor pooled_SD = TaskModel::pool(states_TD, input.offsets_S1, options_.pooling);
    if (goal_ == Goal::kSimilarity) {
      const torch::Tensor pairs = pooled_SD.view({-1, 2, pooled_SD.size(1)});
      read_values(batch, 2, torch::cosine_similarity(pairs.select(1, 0), pairs.select(1, 1)));
    } else if (goal_ == Goal::kRegression) {
      read_values(batch, 1, model_.logits(pooled_SD).squeeze(1));
    } else {
      const torch::Tensor labels_S = model_.logits(pooled_SD).argmax(1).cpu();
      const auto read = labels_S.accessor<int64_t, 1>();
      for (size_t s = 0; s < batch.sample_S.size(); ++s) {
        found_.labels[place(batch, s)] = static_cast<int>(read[static_cast<int64_t>(s)]);
      }
    }
  }

  static size_t place(const batch::PackedBatch& batch, size_t sequence) {
    return static_cast<size_t>(batch.sample_S[sequence].sample);
  }

  void read_values(const batch::PackedBatch& batch, size_t sequences, const torch::Tensor& values) {
    const torch::Tensor on_host = values.to(torch::kFloat64).cpu();
    const auto read = on_host.accessor<double, 1>();
    for (int64_t i = 0; i < on_host.numel(); ++i) {
      found_.values[place(batch, static_cast<size_t>(i) * sequences)] = read[i];
    }
  }

  void read_tags(const batch::PackedBatch& batch, const torch::Tensor& states_TD) {
    const torch::Tensor tags_T = model_.logits(states_TD).argmax(1).cpu();
    const auto read = tags_T.accessor<int64_t, 1>();
    for (size_t s = 0; s < batch.sample_S.size(); ++s) {
      for (const int32_t word : examples_[place(batch, s)].words) {
        found_.tags[place(batch, s)].push_back(static_cast<int>(read[batch.offsets_S1[s] + word]));
      }
    }
  }

  TaskModel& model_;
  Goal goal_;
  const std::vector<Example>& examples_;
  nn::RopeTheta rope_;
  const TuningOptions& options_;
  const std::function<bool()>& stop_requested_;
  ExamplePacker packer_;
  Predictions found_;
};

TaskScore score_tags(const TaskData& data, const Split& split, const Predictions& predictions) {
  constexpr const char* kOutside = "O";
  std::vector<metrics::TagSequence> truth, predicted;
  for (size_t i = 0; i < split.examples.size(); ++i) {
    const Example& example = split.examples[i];
    metrics::TagSequence& wanted = truth.emplace_back();
    for (const int tag : example.tags) wanted.push_back(data.labels.name(tag));
    metrics::TagSequence& found = predicted.emplace_back();
    for (const int tag : predictions.tags[i]) found.push_back(data.labels.name(tag));
    found.resize(wanted.size(), kOutside);
  }
  const metrics::EntityReport report =
      metrics::score_entities(truth, predicted, metrics::EntityMode::kConll);
  TaskScore score;
  score.values = {{"f1", report.micro.f1},
                  {"precision", report.micro.precision},
                  {"recall", report.micro.recall},
                  {"macro_f1", report.macro.f1}};
  Json types = Json::object();
  for (const auto& [type, scores] : report.types) {
    types[type] = {{"precision", scores.precision},
                   {"recall", scores.recall},
                   {"f1", scores.f1},
                   {"support", scores.support}};
  }
  score.details["types"] = types;
  return score;
}

metrics::ConfusionMatrix confusion(const TaskData& data, const Split& split,
                                   const Predictions& predictions) {
  std::vector<int> truth;
  for (const Example& example : split.examples) truth.push_back(example.label);
  return {truth, predictions.labels, data.labels.size()};
}

std::vector<double> targets_of(const Split& split) {
  std::vector<double> targets;
  for (const Example& example : split.examples) targets.push_back(example.target);
  return targets;
}

double mean_ndcg(const Split& split, const Predictions& predictions) {
  std::map<int64_t, std::pair<std::vector<double>, std::vector<double>>> groups;
  for (size_t i = 0; i < split.examples.size(); ++i) {
    auto& [gains, scores] = groups[split.examples[i].group];
    gains.push_back(split.examples[i].gain);
    scores.push_back(predictions.values[i]);
  }
  std::vector<double> values;
  for (const auto& [group, ranking] : groups) {
    const auto& [gains, scores] = ranking;
    if (*std::max_element(gains.begin(), gains.end()) > 0) {
      values.push_back(metrics::ndcg(gains, scores));
    }
  }
  return mean(values);
}

double glue_value(datasets::GlueMetric metric, const TaskData& data, const Split& split,
                  const Predictions& predictions) {
  switch (metric) {
    case datasets::GlueMetric::kAccuracy:
      return metrics::accuracy(confusion(data, split, predictions));
    case datasets::GlueMetric::kF1:
      return metrics::class_scores(confusion(data, split, predictions), 1).f1;
    case datasets::GlueMetric::kMatthews:
      return metrics::matthews_correlation(confusion(data, split, predictions));
    case datasets::GlueMetric::kPearson:
      return metrics::pearson(targets_of(split), predictions.values);
    case datasets::GlueMetric::kSpearman:
      return metrics::spearman(targets_of(split), predictions.values);
  }
  return 0;
}

std::string name_of(datasets::GlueMetric metric) {
  switch (metric) {
    case datasets::GlueMetric::kAccuracy:
      return "accuracy";
    case datasets::GlueMetric::kF1:
      return "F1";
    case datasets::GlueMetric::kMatthews:
      return "Matthews correlation";
    case datasets::GlueMetric::kPearson:
      return "Pearson correlation";
    case datasets::GlueMetric::kSpearman:
      return "Spearman correlation";
  }
  return "?";
}

}  // namespace

std::vector<SuiteMeasure> measures_of_split(const TaskData& data) {
  std::vector<SuiteMeasure> measures;
  for (const datasets::GlueMetric metric : data.metrics) {
    measures.push_back({name_of(metric), std::string(datasets::to_string(metric))});
  }
  if (!measures.empty()) return measures;
  switch (data.goal) {
    case Goal::kTagging:
      return {{"entity F1", "f1"},
              {"entity precision", "precision"},
              {"entity recall", "recall"},
              {"entity F1, mean over types", "macro_f1"}};
    case Goal::kClassification:
      return {{"accuracy", "accuracy"}, {"F1, mean over classes", "macro_f1"}};
    case Goal::kRegression:
      return {{"Pearson correlation", "pearson"}, {"Spearman correlation", "spearman"}};
    case Goal::kSimilarity:
      return {{"Spearman correlation", "spearman"},
              {"Pearson correlation", "pearson"},
              {"nDCG", "ndcg"}};
  }
  return measures;
}

Predictions predict(TaskModel& model, Goal goal, const std::vector<Example>& examples,
                    const nn::RopeTheta& rope, const TuningOptions& options,
                    const std::function<bool()>& stop_requested) {
  return Predictor(model, goal, examples, rope, options, stop_requested).run();
}

std::vector<SuiteMeasure> measures_of(const TaskData& data) {
  const std::vector<SuiteMeasure> plain = measures_of_split(data);
  if (data.tests.size() == 1) return plain;
  std::vector<SuiteMeasure> all;
  for (const Split& test : data.tests) {
    for (SuiteMeasure measure : plain) {
      measure.name = str_cat(test.name, " ", measure.name);
      measure.key = str_cat(test.name, "_", measure.key);
      all.push_back(std::move(measure));
    }
  }
  return all;
}

TaskScore score(const TaskData& data, const Split& split, const Predictions& predictions) {
  TaskScore score;
  for (const datasets::GlueMetric metric : data.metrics) {
    score.values[std::string(datasets::to_string(metric))] =
        glue_value(metric, data, split, predictions);
  }
  if (!data.metrics.empty()) return score;
  switch (data.goal) {
    case Goal::kTagging:
      return score_tags(data, split, predictions);
    case Goal::kClassification: {
      const metrics::ConfusionMatrix matrix = confusion(data, split, predictions);
      score.values["accuracy"] = metrics::accuracy(matrix);
      score.values["macro_f1"] = metrics::average_scores(matrix, metrics::Average::kMacro).f1;
      break;
    }
    case Goal::kSimilarity:
      score.values["ndcg"] = mean_ndcg(split, predictions);
      [[fallthrough]];
    case Goal::kRegression:
      score.values["pearson"] = metrics::pearson(targets_of(split), predictions.values);
      score.values["spearman"] = metrics::spearman(targets_of(split), predictions.values);
      break;
  }
  return score;
}

}  // namespace rexbert::tasks
