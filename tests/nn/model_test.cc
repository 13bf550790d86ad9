#include "rexbert/nn/model.h"

#include <gmock/gmock.h>

#include "rexbert/core/error.h"

namespace rexbert::nn {
namespace {

EncoderConfig tiny() {
  EncoderConfig config;
  config.vocabulary = 96;
  config.hidden = 32;
  config.intermediate = 48;
  config.layers = 4;
  config.heads = 2;
  config.local_window = 8;
  return config;
}

// Sequences of 7, 1 and 20 tokens in row 5 of the global batch.
EncoderInput make_input() {
  std::vector<int32_t> positions;
  for (const int length : {7, 1, 20}) {
    for (int i = 0; i < length; ++i) positions.push_back(i);
  }
  EncoderInput input;
  input.tokens_T = (torch::arange(28, torch::kInt32) * 37 + 11).remainder(96).to(torch::kInt32);
  input.positions_T = torch::tensor(positions, torch::kInt32);
  input.offsets_S1 = torch::tensor({0, 7, 8, 28}, torch::kInt32);
  input.rows_T = torch::full({28}, 5, torch::kInt32);
  input.row_tokens_T = torch::arange(28, torch::kInt32);
  return input;
}

TEST(Config, PresetsHaveTheParametersOfTransformers) {
  // ModernBertForMaskedLM(ModernBertConfig(...)).num_parameters() of transformers 4.57.6.
  const std::map<std::string, int64_t> expected = {{"micro", 16913600},
                                                   {"small", 32081344},
                                                   {"mini", 68457664},
                                                   {"base", 149655232},
                                                   {"large", 395881664}};
  for (const auto& name : preset_names())
    EXPECT_EQ(parameter_count(preset(name)), expected.at(name)) << name;
}

TEST(Config, CountIsThatOfTheModel) {
  int64_t total = 0;
  for (const auto& parameter : MaskedLanguageModel(tiny()).parameters()) total += parameter.numel();
  EXPECT_EQ(parameter_count(tiny()), total);
}

TEST(Config, RefusesWhatNoModelCanHave) {
  EncoderConfig config = tiny();
  config.heads = 5;
  try {
    Encoder encoder(config);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "model.heads: expected a number that divides hidden into an even head dimension, "
                 "got 5");
  }
  EXPECT_THROW(preset("huge"), Error);
}

TEST(Initialize, DependsOnSeedAndNameOnlyAndHasTheRightSpread) {
  EncoderConfig config = tiny();
  config.vocabulary = 2000;
  MaskedLanguageModel model(config);
  MaskedLanguageModel again(config);
  initialize(model, 17);
  initialize(again, 17);
  const auto same = again.named_parameters();
  for (const auto& item : model.named_parameters())
    EXPECT_TRUE(item.value().equal(same[item.key()])) << item.key();
  initialize(again, 18);
  const auto parameters = model.named_parameters();
  const auto& embedding = parameters["model.embeddings.tok_embeddings.weight"];
  EXPECT_FALSE(embedding.equal(again.named_parameters()["model.embeddings.tok_embeddings.weight"]));

  // A normal distribution cut at two deviations has 0.8796 of its deviation left. The estimate from
  // 64,000 values is good to 0.3%.
  EXPECT_NEAR(embedding.std().item<double>(), 0.02 * 0.8796, 0.02 * 0.01);
  EXPECT_LE(embedding.abs().max().item<double>(), 0.04);
  EXPECT_GT(embedding.abs().max().item<double>(), 0.0399);
  EXPECT_LE(parameters["model.layers.1.mlp.Wo.weight"].abs().max().item<double>(),
            0.04 / std::sqrt(8.0) + 1e-9);
  EXPECT_GT(parameters["head.dense.weight"].abs().max().item<double>(), 0.035);
  EXPECT_TRUE(parameters["model.final_norm.weight"].equal(torch::ones({config.hidden})));
  EXPECT_TRUE(parameters["decoder.bias"].equal(torch::zeros({config.vocabulary})));
}

TEST(Model, ScoresAgreeWithLossAndLogits) {
  MaskedLanguageModel model(tiny());
  initialize(model, 3);
  const EncoderInput input = make_input();
  const auto masked = torch::tensor({0, 7, 8, 27}, torch::kInt32);
  const auto targets = torch::tensor({1, 2, 3, 95}, torch::kInt32);
  const MlmLoss loss = model.loss(input, masked, targets);
  const ops::TokenScores scores = model.score(input, masked, targets);
  EXPECT_EQ(loss.count, 4);
  EXPECT_NEAR(loss.sum.item<double>(), scores.loss_M.sum().item<double>(), 1e-4);
  const auto logits = model.logits(input, masked);
  for (int64_t m = 0; m < 4; ++m) {
    const auto row = logits[m];
    const int64_t above = (row > row[targets[m].item<int64_t>()]).sum().item<int64_t>();
    EXPECT_EQ(scores.above_M[m].item<int64_t>(), above);
  }
}

TEST(Model, SequencesOfABatchDoNotSeeEachOther) {
  MaskedLanguageModel model(tiny());
  initialize(model, 3);
  torch::NoGradGuard no_grad;
  const EncoderInput batch = make_input();
  const auto together = model.encoder().forward(batch);
  EncoderInput alone;
  alone.tokens_T = batch.tokens_T.slice(0, 8, 28);
  alone.positions_T = batch.positions_T.slice(0, 8, 28);
  alone.offsets_S1 = torch::tensor({0, 20}, torch::kInt32);
  const auto difference = together.slice(0, 8, 28) - model.encoder().forward(alone);
  // Only the shape of the matrix products differs.
  EXPECT_LE(difference.abs().max().item<double>(), 1e-5);
}

TEST(Model, DropoutIsForTrainingAndIndependentOfMicroBatching) {
  EncoderConfig config = tiny();
  config.attention_dropout_out = 0.3;
  MaskedLanguageModel model(config);
  initialize(model, 3);
  torch::NoGradGuard no_grad;
  EncoderInput input = make_input();
  const auto plain = model.encoder().forward(input);
  input.training = true;
  input.seed = 9;
  input.step = 4;
  const auto dropped = model.encoder().forward(input);
  EXPECT_FALSE(plain.equal(dropped));
  EXPECT_TRUE(dropped.equal(model.encoder().forward(input)));
  input.step = 5;
  EXPECT_FALSE(dropped.equal(model.encoder().forward(input)));
  input.step = 4;
  EncoderInput part = input;
  for (auto* tensor : {&part.tokens_T, &part.positions_T, &part.rows_T, &part.row_tokens_T})
    *tensor = tensor->slice(0, 8, 28);
  part.offsets_S1 = torch::tensor({0, 20}, torch::kInt32);
  const auto difference = dropped.slice(0, 8, 28) - model.encoder().forward(part);
  EXPECT_LE(difference.abs().max().item<double>(), 1e-5);
}

TEST(Model, ABatchWithoutTokensGivesNothing) {
  MaskedLanguageModel model(tiny());
  initialize(model, 3);
  EncoderInput input;
  input.tokens_T = input.positions_T = torch::empty({0}, torch::kInt32);
  input.offsets_S1 = torch::zeros({1}, torch::kInt32);
  const auto none = torch::empty({0}, torch::kInt32);
  const MlmLoss loss = model.loss(input, none, none);
  EXPECT_EQ(loss.sum.item<double>(), 0.0);
  loss.sum.backward();
}

}  // namespace
}  // namespace rexbert::nn
