#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <memory>

#include "rexbert/infer/span_head.h"
#include "rexbert/nn/model.h"
#include "rexbert/tasks/options.h"

namespace rexbert::tasks {

// An encoder with the head of a task. Parameters have the names and shapes of transformers'
// ModernBertForTokenClassification and ModernBertForSequenceClassification: model.*,
// head.dense.weight, head.norm.weight, classifier.weight, classifier.bias; without outputs there
// are those of the encoder only. The head begins as the MLM head, as from_pretrained() there does,
// and the classifier as zeros.
class TaskModel : public torch::nn::Module {
 public:
  TaskModel(std::shared_ptr<nn::MaskedLanguageModel> pretrained, int64_t outputs);

  // The last layer's states, float32 [T, D].
  torch::Tensor states(const nn::EncoderInput& input);
  // Logits of `states_MD` (float32): [M, outputs].
  torch::Tensor logits(const torch::Tensor& states_MD) const;
  // [S, D] of states [T, D].
  static torch::Tensor pool(const torch::Tensor& states_TD, const torch::Tensor& offsets_S1,
                            Pooling pooling);

  void set_precision(nn::Precision precision) { pretrained_->set_precision(precision); }
  const nn::EncoderConfig& config() const { return pretrained_->config(); }
  c10::Device device() const { return pretrained_->device(); }

 private:
  std::shared_ptr<nn::MaskedLanguageModel> pretrained_;
  std::shared_ptr<infer::SpanHead> head_;  // none without outputs
};

}  // namespace rexbert::tasks
