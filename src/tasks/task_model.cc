#include "rexbert/tasks/task_model.h"

#include <utility>

namespace rexbert::tasks {

TaskModel::TaskModel(std::shared_ptr<nn::MaskedLanguageModel> pretrained, int64_t outputs)
    : pretrained_(std::move(pretrained)) {
  register_module("model", pretrained_->named_children()["model"]);
  if (outputs == 0) return;
  head_ = std::make_shared<infer::SpanHead>(*pretrained_, outputs);
  head_->to(device());
  for (const auto& child : head_->named_children()) register_module(child.key(), child.value());
}

torch::Tensor TaskModel::states(const nn::EncoderInput& input) {
  return pretrained_->encoder().forward(input).to(torch::kFloat32);
}

torch::Tensor TaskModel::logits(const torch::Tensor& states_MD) const {
  return head_->forward(states_MD);
}

torch::Tensor TaskModel::pool(const torch::Tensor& states_TD, const torch::Tensor& offsets_S1,
                              Pooling pooling) {
  const torch::Tensor offsets = offsets_S1.to(torch::kInt64);
  if (pooling == Pooling::kCls) return states_TD.index_select(0, offsets.slice(0, 0, -1));
  return torch::segment_reduce(states_TD, "mean", offsets.diff());
}

}  // namespace rexbert::tasks
