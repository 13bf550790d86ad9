#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/nn/model.h"

namespace rexbert::infer {

// A classifier of vectors: classifier(norm(gelu(dense x))). Parameters have the names and shapes of
// transformers' ModernBertForSequenceClassification: head.dense.weight, head.norm.weight,
// classifier.weight, classifier.bias.
class SpanHead : public torch::nn::Module {
 public:
  // Begins as the MLM head of `model`, as from_pretrained() there does, with a classifier of zeros.
  SpanHead(nn::MaskedLanguageModel& model, int64_t classes);

  // Logits of `states_MD` (float32): [M, classes].
  torch::Tensor forward(const torch::Tensor& states_MD) const;

  // Publishes a safetensors file with `metadata`.
  void save(Env& env, const fs::path& path,
            const std::map<std::string, std::string>& metadata) const;
  // Error(kIncompatible) naming the file and the first tensor that is missing or of another shape.
  void load(Env& env, const fs::path& path);

 private:
  std::shared_ptr<nn::PredictionHead> head_;
  torch::nn::Linear classifier_{nullptr};
};

}  // namespace rexbert::infer
