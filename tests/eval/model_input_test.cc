#include "rexbert/eval/model_input.h"

#include <gtest/gtest.h>

#include "eval/staging.h"
#include "support/cuda.h"

namespace rexbert::eval {
namespace {

batch::PackedBatch make_batch() {
  batch::PackedBatch batch;
  batch.tokens_T = {2, 4, 9, 3, 2, 3};
  batch.positions_T = {0, 1, 2, 3, 0, 1};
  batch.offsets_S1 = {0, 4, 6};
  batch.masked_M = {1};
  batch.targets_M = {7};
  batch.sample_S.resize(2);
  batch.row_S = {10, 11};
  batch.row_start_S = {0, 5};
  batch.longest = 4;
  return batch;
}

void expect_equal(const ModelInput& got, const ModelInput& expected) {
  EXPECT_TRUE(got.encoder.tokens_T.cpu().equal(expected.encoder.tokens_T));
  EXPECT_TRUE(got.encoder.positions_T.cpu().equal(expected.encoder.positions_T));
  EXPECT_TRUE(got.encoder.offsets_S1.cpu().equal(expected.encoder.offsets_S1));
  EXPECT_EQ(got.encoder.rows_T.defined(), expected.encoder.rows_T.defined());
  if (expected.encoder.rows_T.defined()) {
    EXPECT_TRUE(got.encoder.rows_T.cpu().equal(expected.encoder.rows_T));
    EXPECT_TRUE(got.encoder.row_tokens_T.cpu().equal(expected.encoder.row_tokens_T));
  }
  EXPECT_TRUE(got.masked_M.cpu().equal(expected.masked_M));
  EXPECT_TRUE(got.targets_M.cpu().equal(expected.targets_M));
  EXPECT_EQ(got.encoder.longest, expected.encoder.longest);
  EXPECT_EQ(got.encoder.rope.global, expected.encoder.rope.global);
  EXPECT_EQ(got.encoder.step, expected.encoder.step);
}

std::vector<ModelInput> inputs_of(batch::PackedBatch& batch) {
  return {view_batch(batch, {160'000, 10'000}),
          view_training_batch(batch, {160'000, 10'000}, {.seed = 5, .step = 6, .first_row = 8})};
}

TEST(ModelInput, SaysWhichRowAndTokenInItEveryTokenIs) {
  batch::PackedBatch batch = make_batch();
  const ModelInput input = inputs_of(batch)[1];
  EXPECT_TRUE(input.encoder.rows_T.equal(torch::tensor({2, 2, 2, 2, 3, 3}, torch::kInt32)));
  EXPECT_TRUE(input.encoder.row_tokens_T.equal(torch::tensor({0, 1, 2, 3, 5, 6}, torch::kInt32)));
  EXPECT_EQ(input.encoder.longest, 4);
}

TEST(ModelInput, JoinedAndSplitItIsTheSame) {
  batch::PackedBatch batch = make_batch();
  for (const ModelInput& input : inputs_of(batch)) {
    const auto joined = torch::full({joined_size(input)}, -1, torch::kInt32);
    join(input, joined);
    expect_equal(split(joined, input), input);
  }
}

TEST(ModelInput, StaysWhereItLiesAlready) {
  batch::PackedBatch batch = make_batch();
  const ModelInput input = inputs_of(batch)[0];
  EXPECT_EQ(to_device(input, torch::kCPU).encoder.tokens_T.data_ptr(), batch.tokens_T.data());
}

TEST(ModelInputOnCuda, IsTheSameAndTheBatchMayChange) {
  if (const auto reason = test::no_cuda_reason(); !reason.empty()) GTEST_SKIP() << reason;
  batch::PackedBatch batch = make_batch();
  batch::PackedBatch original = make_batch();
  const ModelInput got = to_device(inputs_of(batch)[1], torch::Device(torch::kCUDA, 0));
  EXPECT_TRUE(got.encoder.tokens_T.is_cuda());
  std::fill(batch.tokens_T.begin(), batch.tokens_T.end(), -1);
  expect_equal(got, inputs_of(original)[1]);
}

}  // namespace
}  // namespace rexbert::eval
