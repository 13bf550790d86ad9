#include "rexbert/nn/tile.h"

#include <gmock/gmock.h>

#include <functional>

#include "support/errors.h"

namespace rexbert::nn {
namespace {

using test::error_of;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;

// Two heads of four numbers, and one of five with four heads.
EncoderConfig smaller_config() {
  EncoderConfig config;
  config.vocabulary = 6;
  config.hidden = 8;
  config.intermediate = 5;
  config.layers = 4;
  config.heads = 2;
  config.local_window = 8;
  return config;
}

EncoderConfig larger_config() {
  EncoderConfig config = smaller_config();
  config.hidden = 16;
  config.intermediate = 8;
  config.layers = 5;
  config.heads = 4;
  return config;
}

// Every number of the model is another, so that places can be told apart.
void number(MaskedLanguageModel& model) {
  const torch::NoGradGuard no_grad;
  int64_t next = 0;
  for (auto& item : model.named_parameters()) {
    torch::Tensor& weight = item.value();
    weight.copy_(torch::arange(next, next + weight.numel(), torch::kFloat32).view(weight.sizes()));
    next += weight.numel();
  }
}

class TileTest : public ::testing::Test {
 protected:
  TileTest() : smaller_(smaller_config()), larger_(larger_config()) {
    number(smaller_);
    initialize_from(larger_, smaller_);
  }

  static torch::Tensor weight(const MaskedLanguageModel& model, const std::string& name) {
    return model.named_parameters()[name].detach();
  }

  // larger[i, j] = smaller[rows[i], columns[j]].
  void expect(const std::string& name, const std::string& from, const std::vector<int64_t>& rows,
              const std::vector<int64_t>& columns) {
    const torch::Tensor grown = weight(larger_, name);
    const torch::Tensor before = weight(smaller_, from);
    ASSERT_EQ(grown.sizes().vec(), (std::vector<int64_t>{static_cast<int64_t>(rows.size()),
                                                         static_cast<int64_t>(columns.size())}))
        << name;
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t j = 0; j < columns.size(); ++j) {
        ASSERT_EQ(grown[static_cast<int64_t>(i)][static_cast<int64_t>(j)].item<float>(),
                  before[rows[i]][columns[j]].item<float>())
            << name << " " << i << ", " << j;
      }
    }
  }

  MaskedLanguageModel smaller_;
  MaskedLanguageModel larger_;
};

// 8 in the middle of 16: four to the left, four to the right.
const std::vector<int64_t> kHidden = {4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3};
// 5 in the middle of 8: one to the left, two to the right.
const std::vector<int64_t> kIntermediate = {4, 0, 1, 2, 3, 4, 0, 1};

std::vector<int64_t> shifted(const std::vector<int64_t>& places,
                             std::initializer_list<int64_t> by) {
  std::vector<int64_t> all;
  for (const int64_t offset : by) {
    for (const int64_t place : places) all.push_back(place + offset);
  }
  return all;
}

TEST_F(TileTest, LayersBeginAsThoseOfTheirPeriod) {
  // Both have two periods of three layers, the second cut short: there is no layer 4.
  EXPECT_THAT(layer_sources(larger_config(), smaller_config()), ElementsAre(0, 1, 2, 3, 1));
}

// round(j * 8 / 10) = 0, 1, 2, 2, 3, 4, 5, 6, 6, 7.
TEST(LayerSources, OfBaseAndLarge) {
  EXPECT_THAT(layer_sources(preset("large"), preset("base")),
              ElementsAreArray({0,  1,  2,  3,  4,  5,  6,  7,  8,  6,  7,  8,  9,  10,
                                11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 18, 19, 20, 21}));
  EXPECT_THAT(layer_sources(preset("base"), preset("base")),
              ElementsAreArray(
                  {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21}));
}

TEST(LayerSources, ArePythonsRoundOfTheReferenceWhereAllLayersAttendAlike) {
  EncoderConfig larger = smaller_config();
  EncoderConfig smaller = smaller_config();
  larger.global_every = smaller.global_every = 1;
  // i / 2: 0.5 goes to 0, 1.5 and 2.5 to 2, and 3.5 would go to 4, which there is not.
  larger.layers = 8;
  EXPECT_THAT(layer_sources(larger, smaller), ElementsAre(0, 0, 1, 2, 2, 2, 3, 3));
}

TEST(LayerSources, OfLessThanAPeriodGoOnWithItsLast) {
  EncoderConfig smaller = smaller_config();
  smaller.layers = 2;
  EXPECT_THAT(layer_sources(larger_config(), smaller), ElementsAre(0, 1, 1, 0, 1));
}

TEST_F(TileTest, EmbeddingsAndNormsGrowInTheHiddenDimension) {
  expect("model.embeddings.tok_embeddings.weight", "model.embeddings.tok_embeddings.weight",
         {0, 1, 2, 3, 4, 5}, kHidden);
  expect("head.dense.weight", "head.dense.weight", kHidden, kHidden);
  for (const char* name : {"model.embeddings.norm.weight", "model.final_norm.weight",
                           "head.norm.weight", "model.layers.0.mlp_norm.weight"}) {
    EXPECT_TRUE(
        weight(larger_, name).equal(weight(smaller_, name).index_select(0, torch::tensor(kHidden))))
        << name;
  }
  EXPECT_TRUE(weight(larger_, "decoder.bias").equal(weight(smaller_, "decoder.bias")));
}

TEST_F(TileTest, PartsGrowEachByItself) {
  // Layer 4 begins as layer 1, layer 3 as layer 3. Queries, keys and values are 8 rows each.
  expect("model.layers.4.attn.Wqkv.weight", "model.layers.1.attn.Wqkv.weight",
         shifted(kHidden, {0, 8, 16}), kHidden);
  expect("model.layers.3.attn.Wo.weight", "model.layers.3.attn.Wo.weight", kHidden, kHidden);
  // The activated half and the gate are 5 rows each.
  expect("model.layers.4.mlp.Wi.weight", "model.layers.1.mlp.Wi.weight",
         shifted(kIntermediate, {0, 5}), kHidden);
  expect("model.layers.3.mlp.Wo.weight", "model.layers.3.mlp.Wo.weight", kHidden, kIntermediate);
}

// Three heads around two: half a head to each side would mix them, so head 0 comes again behind.
TEST(Tile, HeadsStayWhole) {
  EncoderConfig config = larger_config();
  config.hidden = 12;
  config.heads = 3;
  MaskedLanguageModel smaller(smaller_config());
  MaskedLanguageModel larger(config);
  number(smaller);
  initialize_from(larger, smaller);
  const auto before = smaller.named_parameters();
  const auto grown = larger.named_parameters();
  const auto hidden = torch::tensor({6, 7, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1}, torch::kInt64);
  const auto heads = torch::tensor({0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3}, torch::kInt64);
  EXPECT_TRUE(grown["model.layers.0.attn.Wqkv.weight"].equal(
      before["model.layers.0.attn.Wqkv.weight"]
          .index_select(0, torch::cat({heads, heads + 8, heads + 16}))
          .index_select(1, hidden)));
  EXPECT_TRUE(grown["model.layers.0.attn.Wo.weight"].equal(
      before["model.layers.0.attn.Wo.weight"].index_select(0, hidden).index_select(1, heads)));
}

TEST(Tile, ALayerThatComesFromTheFirstHasANormOfOnes) {
  EncoderConfig config = smaller_config();
  config.layers = 1;
  MaskedLanguageModel smaller(config);
  MaskedLanguageModel larger(larger_config());
  number(smaller);
  initialize_from(larger, smaller);
  EXPECT_TRUE(larger.named_parameters()["model.layers.1.attn_norm.weight"].equal(torch::ones(16)));
}

TEST(Tile, TheSameShapeIsACopyAndTheSameModelsGiveTheSameBits) {
  MaskedLanguageModel smaller(smaller_config());
  initialize(smaller, 3);
  MaskedLanguageModel copy(smaller_config());
  initialize_from(copy, smaller);
  MaskedLanguageModel first(larger_config());
  MaskedLanguageModel second(larger_config());
  initialize_from(first, smaller);
  initialize_from(second, smaller);
  const auto weights = smaller.named_parameters();
  for (const auto& item : copy.named_parameters()) {
    EXPECT_TRUE(item.value().equal(weights[item.key()])) << item.key();
  }
  const auto again = second.named_parameters();
  for (const auto& item : first.named_parameters()) {
    EXPECT_TRUE(item.value().equal(again[item.key()])) << item.key();
    EXPECT_TRUE(item.value().requires_grad());
  }
}

TEST(Tile, ADecoderOfItsOwnGrowsAsTheEmbedding) {
  EncoderConfig small_config = smaller_config();
  EncoderConfig large_config = larger_config();
  small_config.tied = large_config.tied = false;
  MaskedLanguageModel smaller(small_config);
  MaskedLanguageModel larger(large_config);
  number(smaller);
  initialize_from(larger, smaller);
  EXPECT_TRUE(larger.named_parameters()["decoder.weight"].equal(
      smaller.named_parameters()["decoder.weight"].index_select(1, torch::tensor(kHidden))));
}

TEST(Tile, PairsThatDoNotFitAreRefused) {
  const auto refusal = [](const std::function<void(EncoderConfig&)>& change) {
    EncoderConfig config = smaller_config();
    change(config);
    const MaskedLanguageModel smaller(config);
    MaskedLanguageModel larger(larger_config());
    return error_of([&] { initialize_from(larger, smaller); });
  };
  EXPECT_EQ(refusal([](EncoderConfig&) {}), "no error");
  EXPECT_EQ(
      refusal([](EncoderConfig& c) { c.vocabulary = 7; }),
      "incompatible: tiling: vocabulary_size of the smaller model: expected 6 as in the larger "
      "one, got 7");
  EXPECT_EQ(
      refusal([](EncoderConfig& c) { c.heads = 1; }),
      "incompatible: tiling: head dimension of the smaller model: expected 4 as in the larger "
      "one, got 8");
  EXPECT_EQ(refusal([](EncoderConfig& c) { c.global_every = 2; }),
            "incompatible: tiling: global_every of the smaller model: expected 3 as in the larger "
            "one, got 2");
  EXPECT_EQ(refusal([](EncoderConfig& c) { c.hidden = 20, c.heads = 5; }),
            "incompatible: tiling: attention_heads of the smaller model: expected at most the 4 of "
            "the larger one, got 5");
  EXPECT_EQ(refusal([](EncoderConfig& c) { c.intermediate = 9; }),
            "incompatible: tiling: intermediate_size of the smaller model: expected at most the 8 "
            "of the larger one, got 9");
  EXPECT_EQ(refusal([](EncoderConfig& c) { c.layers = 6; }),
            "incompatible: tiling: layers of the smaller model: expected at most the 5 of the "
            "larger one, got 6");
  EXPECT_EQ(refusal([](EncoderConfig& c) { c.tied = false; }),
            "incompatible: tiling: decoder of the smaller model: expected a tied one as in the "
            "larger one, got one of its own weights");
}

}  // namespace
}  // namespace rexbert::nn
