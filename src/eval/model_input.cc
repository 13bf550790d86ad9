#include "rexbert/eval/model_input.h"

#include <vector>

#include "eval/staging.h"

namespace rexbert::eval {
namespace {

torch::Tensor view(std::vector<int32_t>& values) {
  return torch::from_blob(values.data(), {static_cast<int64_t>(values.size())}, torch::kInt);
}

std::vector<torch::Tensor*> tensors_of(ModelInput& input) {
  nn::EncoderInput& encoder = input.encoder;
  return {&encoder.tokens_T,     &encoder.positions_T, &encoder.offsets_S1, &encoder.rows_T,
          &encoder.row_tokens_T, &input.masked_M,      &input.targets_M};
}

}  // namespace

void join(const ModelInput& input, const torch::Tensor& joined) {
  ModelInput parts = input;
  int64_t begin = 0;
  for (const torch::Tensor* part : tensors_of(parts)) {
    if (!part->defined()) continue;
    joined.narrow(0, begin, part->numel()).copy_(*part);
    begin += part->numel();
  }
}

int64_t joined_size(const ModelInput& input) {
  ModelInput parts = input;
  int64_t size = 0;
  for (const torch::Tensor* part : tensors_of(parts)) size += part->defined() ? part->numel() : 0;
  return size;
}

ModelInput split(const torch::Tensor& joined, const ModelInput& like) {
  ModelInput input = like;
  int64_t begin = 0;
  for (torch::Tensor* part : tensors_of(input)) {
    if (!part->defined()) continue;
    const int64_t size = part->numel();
    *part = joined.narrow(0, begin, size);
    begin += size;
  }
  return input;
}

ModelInput to_device(const ModelInput& input, c10::Device device) {
  if (input.encoder.tokens_T.device() == device) return input;
  const auto options = torch::TensorOptions().dtype(torch::kInt);
  const auto joined = torch::empty({joined_size(input)}, options.pinned_memory(true));
  join(input, joined);
  return split(joined.to(device, /*non_blocking=*/true), input);
}

ModelInput view_batch(batch::PackedBatch& batch, const nn::RopeTheta& rope) {
  ModelInput input;
  input.encoder.tokens_T = view(batch.tokens_T);
  input.encoder.positions_T = view(batch.positions_T);
  input.encoder.offsets_S1 = view(batch.offsets_S1);
  input.encoder.longest = batch.longest;
  input.encoder.rope = rope;
  input.masked_M = view(batch.masked_M);
  input.targets_M = view(batch.targets_M);
  return input;
}

ModelInput view_training_batch(batch::PackedBatch& batch, const nn::RopeTheta& rope,
                               const DropoutSource& dropout) {
  ModelInput input = view_batch(batch, rope);
  input.encoder.training = true;
  input.encoder.seed = dropout.seed;
  input.encoder.step = dropout.step;
  const auto options = torch::TensorOptions().dtype(torch::kInt);
  input.encoder.rows_T = torch::empty({batch.tokens()}, options);
  input.encoder.row_tokens_T = torch::empty({batch.tokens()}, options);
  auto* rows = input.encoder.rows_T.data_ptr<int32_t>();
  auto* row_tokens = input.encoder.row_tokens_T.data_ptr<int32_t>();
  for (size_t s = 0; s < batch.sample_S.size(); ++s) {
    const int32_t begin = batch.offsets_S1[s];
    for (int32_t t = begin; t < batch.offsets_S1[s + 1]; ++t) {
      rows[t] = static_cast<int32_t>(batch.row_S[s] - dropout.first_row);
      row_tokens[t] = batch.row_start_S[s] + t - begin;
    }
  }
  return input;
}

}  // namespace rexbert::eval
