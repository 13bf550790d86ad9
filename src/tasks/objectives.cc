#include "rexbert/tasks/objectives.h"

#include "rexbert/eval/model_input.h"

namespace rexbert::tasks {
namespace {

namespace F = torch::nn::functional;

class TaskObjective final : public train::Objective {
 public:
  TaskObjective(TaskModel& model, Goal goal, const std::vector<Example>& examples,
                const TuningOptions& options, uint64_t seed)
      : model_(model), goal_(goal), examples_(examples), options_(options), seed_(seed) {}

  Loss loss(batch::PackedBatch& batch, const plan::StepSpec& spec) override {
    const nn::EncoderInput input =
        eval::to_device(eval::view_training_batch(
                            batch, {spec.rope.global, spec.rope.local},
                            {.seed = seed_, .step = spec.step, .first_row = spec.first_row}),
                        model_.device())
            .encoder;
    const torch::Tensor states_TD = model_.states(input);
    switch (goal_) {
      case Goal::kTagging:
        return tagging_loss(batch, states_TD);
      case Goal::kClassification:
        return classification_loss(batch, pooled(states_TD, input));
      case Goal::kRegression:
        return regression_loss(batch, pooled(states_TD, input));
      case Goal::kSimilarity:
        return similarity_loss(batch, pooled(states_TD, input));
    }
    return {};
  }

 private:
  const Example& example(const batch::PackedBatch& batch, size_t sequence) const {
    return examples_[static_cast<size_t>(batch.sample_S[sequence].sample)];
  }

  torch::Tensor pooled(const torch::Tensor& states_TD, const nn::EncoderInput& input) const {
    return TaskModel::pool(states_TD, input.offsets_S1, options_.pooling);
  }

  Loss tagging_loss(const batch::PackedBatch& batch, const torch::Tensor& states_TD) const {
    std::vector<int64_t> places, tags;
    for (size_t s = 0; s < batch.sample_S.size(); ++s) {
      const Example& tagged = example(batch, s);
      for (size_t w = 0; w < tagged.words.size(); ++w) {
        places.push_back(batch.offsets_S1[s] + tagged.words[w]);
        tags.push_back(tagged.tags[w]);
      }
    }
    const auto device = model_.device();
    const torch::Tensor logits = model_.logits(states_TD.index_select(
        0, torch::tensor(places, torch::kInt64).to(device, /*non_blocking=*/true)));
    return cross_entropy(logits, tags);
  }

  Loss classification_loss(const batch::PackedBatch& batch, const torch::Tensor& pooled_SD) const {
    std::vector<int64_t> labels;
    for (size_t s = 0; s < batch.sample_S.size(); ++s) labels.push_back(example(batch, s).label);
    return cross_entropy(model_.logits(pooled_SD), labels);
  }

  Loss regression_loss(const batch::PackedBatch& batch, const torch::Tensor& pooled_SD) const {
    std::vector<float> targets;
    for (size_t s = 0; s < batch.sample_S.size(); ++s) {
      targets.push_back(static_cast<float>(example(batch, s).target));
    }
    const torch::Tensor error =
        model_.logits(pooled_SD).squeeze(1) - torch::tensor(targets).to(model_.device());
    return {error.square().sum(), static_cast<int64_t>(targets.size())};
  }

  // Sequences come in pairs: the query's, the product's.
  Loss similarity_loss(const batch::PackedBatch& batch, const torch::Tensor& pooled_SD) const {
    std::vector<float> targets;
    for (size_t s = 0; s < batch.sample_S.size(); s += 2) {
      targets.push_back(static_cast<float>(example(batch, s).target));
    }
    const torch::Tensor pairs = pooled_SD.view({-1, 2, pooled_SD.size(1)});
    const torch::Tensor cosine_P = torch::cosine_similarity(pairs.select(1, 0), pairs.select(1, 1));
    return {cosent_loss(cosine_P, torch::tensor(targets).to(model_.device()), options_.scale), 1};
  }

  Loss cross_entropy(const torch::Tensor& logits, const std::vector<int64_t>& targets) const {
    const torch::Tensor wanted = torch::tensor(targets, torch::kInt64).to(model_.device());
    return {F::cross_entropy(logits, wanted, F::CrossEntropyFuncOptions().reduction(torch::kSum)),
            static_cast<int64_t>(targets.size())};
  }

  TaskModel& model_;
  Goal goal_;
  const std::vector<Example>& examples_;
  const TuningOptions& options_;
  uint64_t seed_;
};

}  // namespace

torch::Tensor cosent_loss(const torch::Tensor& cosine_P, const torch::Tensor& target_P,
                          double scale) {
  const torch::Tensor scores_P = cosine_P * scale;
  const torch::Tensor difference_PP = scores_P.unsqueeze(0) - scores_P.unsqueeze(1);
  const torch::Tensor counts_PP = target_P.unsqueeze(0) < target_P.unsqueeze(1);
  const torch::Tensor terms =
      torch::cat({scores_P.new_zeros(1), difference_PP.masked_select(counts_PP)});
  return torch::logsumexp(terms, 0);
}

std::unique_ptr<train::Objective> make_objective(TaskModel& model, Goal goal,
                                                 const std::vector<Example>& examples,
                                                 const TuningOptions& options, uint64_t seed) {
  return std::make_unique<TaskObjective>(model, goal, examples, options, seed);
}

}  // namespace rexbert::tasks
