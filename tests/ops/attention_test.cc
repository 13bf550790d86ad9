#include "rexbert/ops/attention.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "ops/compare.h"
#include "ops/cuda/ops.h"
#include "rexbert/core/error.h"
#include "rexbert/ops/reference.h"

namespace rexbert::ops {
namespace {

struct Case {
  const char* name;
  std::vector<int> lengths;
  int64_t heads;
  int64_t head_dim;
  int64_t window;
};

struct Batch {
  torch::Tensor positions_T;
  torch::Tensor offsets_S1;
  int64_t tokens;
};

Batch make_batch(const std::vector<int>& lengths) {
  std::vector<int32_t> positions;
  std::vector<int32_t> offsets{0};
  for (const int length : lengths) {
    for (int i = 0; i < length; ++i) positions.push_back(i);
    offsets.push_back(static_cast<int32_t>(positions.size()));
  }
  return {torch::tensor(positions, torch::kInt32), torch::tensor(offsets, torch::kInt32),
          static_cast<int64_t>(positions.size())};
}

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

int64_t longest_of(const std::vector<int>& lengths) {
  return lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
}

class AttentionTest : public SettingTest<Case> {
 protected:
  torch::Tensor run(const torch::Tensor& qkv, const RopeTable& rope, const Batch& batch,
                    int64_t window, int64_t longest) const {
    const auto here = [&](const torch::Tensor& tensor) { return tensor.to(setting().device); };
    const RopeTable moved{here(rope.cos_PH), here(rope.sin_PH)};
    return (setting().cuda_path ? cuda::attention : attention)(
        qkv, moved, here(batch.positions_T), here(batch.offsets_S1), window, longest);
  }
};

TEST_P(AttentionTest, MatchesTheReference) {
  const Case& c = shape();
  torch::manual_seed(1);
  const Batch batch = make_batch(c.lengths);
  const RopeTable rope = rope_table(1024, c.head_dim, 10000);
  // Sharp scores: every key's share is visible.
  const auto qkv = torch::randn({batch.tokens, 3, c.heads, c.head_dim}) * 1.5;
  expect_op_matches(
      setting(),
      [&](const auto& inputs) {
        return run(inputs[0], rope, batch, c.window, longest_of(c.lengths));
      },
      [&](const auto& inputs) {
        return reference::attention(inputs[0], rope, batch.positions_T, batch.offsets_S1, c.window);
      },
      {qkv});
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, AttentionTest,
    testing::Combine(
        testing::ValuesIn(kSettings),
        testing::Values(
            Case{"ragged_global", {1, 2, 5, 97, 0, 192, 193, 400}, 2, 64, kGlobalAttention},
            Case{"ragged_local", {1, 64, 65, 66, 0, 129, 130, 48, 49, 700}, 2, 64, 64},
            Case{"small_heads", {17, 300, 1}, 3, 16, 64},
            Case{"head_dim_not_of_vectors", {33, 250}, 2, 10, 64},
            Case{"head_dim_not_of_vectors_global", {33, 250}, 2, 22, kGlobalAttention},
            Case{"window_zero", {1, 50, 3}, 1, 32, 0},
            Case{"window_one", {1, 2, 3, 4, 100}, 1, 32, 1},
            Case{"window_beyond_a_key_block", {900, 10}, 1, 32, 301},
            Case{"window_beyond_every_sequence", {100, 30}, 1, 32, 5000},
            Case{"single_token", {1}, 4, 64, 64}, Case{"no_sequence", {}, 2, 64, 64},
            Case{"only_empty_sequences", {0, 0}, 2, 64, kGlobalAttention})),
    SettingTestName());

// Long enough for more than one block of keys, and windows within one.
using AttentionWindowTest = AttentionTest;
INSTANTIATE_TEST_SUITE_P(Windows, AttentionWindowTest,
                         testing::Combine(testing::ValuesIn(kSettings),
                                          testing::Values(Case{"of_4", {300}, 2, 32, 4},
                                                          Case{"of_64", {300}, 2, 32, 64})),
                         SettingTestName());

TEST_P(AttentionWindowTest, OffByOneDiffers) {
  torch::manual_seed(2);
  const Batch batch = make_batch(shape().lengths);
  const RopeTable rope = rope_table(300, 32, 10000);
  const auto qkv = torch::randn({300, 3, 2, 32}).to(setting().type);
  const auto expected = reference::attention(qkv.to(torch::kFloat64), rope, batch.positions_T,
                                             batch.offsets_S1, shape().window);
  for (const int64_t window : {shape().window - 1, shape().window + 1}) {
    const auto got = run(qkv.to(setting().device), rope, batch, window, 300);
    EXPECT_GT(relative_difference(got, expected), 2 * setting().value) << window;
  }
}

TEST(Attention, GivesTheSameBitsOnAnyNumberOfThreads) {
  torch::manual_seed(3);
  const Batch batch = make_batch({400, 7, 123});
  const RopeTable rope = rope_table(400, 64, 160000);
  const int threads = at::get_num_threads();
  const auto run = [&](int count, int64_t window) {
    at::set_num_threads(count);
    torch::manual_seed(4);
    const auto qkv = torch::randn({batch.tokens, 3, 4, 64}).requires_grad_();
    const auto out = attention(qkv, rope, batch.positions_T, batch.offsets_S1, window);
    out.backward(torch::ones_like(out) * out.detach());
    return std::pair{out.detach(), qkv.grad()};
  };
  for (const int64_t window : {kGlobalAttention, int64_t{64}}) {
    const auto one = run(1, window);
    const auto three = run(3, window);
    EXPECT_TRUE(one.first.equal(three.first));
    EXPECT_TRUE(one.second.equal(three.second));
  }
  at::set_num_threads(threads);
}

TEST(Attention, RefusesWhatItsContractExcludes) {
  const Batch batch = make_batch({4, 4});
  const RopeTable rope = rope_table(4, 8, 10000);
  const auto qkv = torch::zeros({8, 3, 1, 8});
  const auto message = [&](const torch::Tensor& q, const torch::Tensor& positions,
                           const torch::Tensor& offsets, int64_t window) -> std::string {
    try {
      attention(q, rope, positions, offsets, window);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message(qkv, batch.positions_T + 1, batch.offsets_S1, 64),
            "attention: positions[3]: expected 0 to 3, got 4");
  EXPECT_EQ(message(qkv, batch.positions_T, torch::tensor({0, 9}, torch::kInt32), 64),
            "attention: offsets: expected ascending numbers from 0 to 8, got 0 to 9");
  EXPECT_EQ(message(qkv, batch.positions_T, torch::tensor({0, 6, 4, 8}, torch::kInt32), 64),
            "attention: offsets: expected ascending numbers from 0 to 8, got 0 to 8");
  EXPECT_EQ(message(qkv.select(1, 0), batch.positions_T, batch.offsets_S1, 64),
            "attention: qkv: expected floating [T, 3, N, H] with H even, got Float [8, 1, 8]");
  EXPECT_EQ(message(qkv, batch.positions_T, batch.offsets_S1, -2),
            "attention: window: expected 0 or more, or kGlobalAttention, got -2");
  EXPECT_THROW(rope_table(10, 7, 10000), Error);
}

}  // namespace
}  // namespace rexbert::ops
