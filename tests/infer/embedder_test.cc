#include "rexbert/infer/embedder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "infer/made_encoder.h"
#include "support/errors.h"
#include "support/read_text.h"

// similarity.cc
float similarity(const rexbert::fs::path& checkpoint, std::string_view one, std::string_view other);

namespace rexbert::infer {
namespace {

using ::testing::HasSubstr;

using Texts = std::vector<std::string_view>;

const Texts kTexts = {"running shoes of size 7", "", "Once upon a time, in 1014.", "Brand 3",
                      "Brand 3: running shoes"};

Embedder embedder(EmbedderOptions options = {}) {
  options.encoder.precision = nn::Precision::kF32;
  return {Env::posix(), encoder_folder(), options};
}

std::string refusal(const EmbedderOptions& options) {
  return test::error_of([&] { embedder(options); });
}

// The last layer's states of [CLS] text [SEP], float32 [T, D].
torch::Tensor states_of(std::string_view text) {
  const torch::NoGradGuard no_grad;
  static const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), encoder_folder());
  static const auto model = hf::load_model(Env::posix(), encoder_folder()).model;
  std::vector<int32_t> ids;
  tokenizer.encode_document(text, ids);
  return model->encoder().forward(input_of(ids));
}

TEST(Embedder, AVectorIsTheStateOfClsOrTheMeanOfAllTokens) {
  std::vector<torch::Tensor> first, means;
  for (const std::string_view text : kTexts) {
    const torch::Tensor states_TD = states_of(text);
    first.push_back(states_TD[0]);
    means.push_back(states_TD.mean(0));
  }
  expect_near(embedder({.pooling = Pooling::kCls}).embed(kTexts), torch::stack(first));
  expect_near(embedder().embed(kTexts), torch::stack(means));
  EXPECT_EQ(embedder().embed({}).sizes(), (torch::IntArrayRef{0, 64}));
}

TEST(Embedder, NumbersAreCutBeforeTheNorm) {
  const torch::Tensor whole = embedder().embed(kTexts);
  const torch::Tensor cut = embedder({.dimensions = 5}).embed(kTexts);
  EXPECT_TRUE(torch::equal(cut, whole.slice(1, 0, 5)));
  const torch::Tensor normalized = embedder({.dimensions = 5, .normalize = true}).embed(kTexts);
  expect_near(normalized, torch::nn::functional::normalize(cut));
  EXPECT_LT((normalized.norm(2, 1) - 1).abs().max().item<float>(), 1e-6F);
}

TEST(Embedder, TextsDoNotChangeEachOther) {
  Texts texts;
  for (int i = 0; i < 7; ++i) texts.insert(texts.end(), kTexts.begin(), kTexts.end());
  const Embedder together = embedder();
  const torch::Tensor vectors = together.embed(texts);
  expect_near(vectors, embedder({.encoder = {.micro_tokens = 1}}).embed(texts));
  expect_near(vectors, embedder({.encoder = {.micro_tokens = 20}}).embed(texts));
  expect_near(vectors.slice(0, 0, 5), together.embed(kTexts));
}

TEST(Embedder, ALongTextKeepsItsBeginningAndSep) {
  const std::string text = "running shoes of size 7, running shoes of size 8, Brand 9";
  std::vector<int32_t> whole, cut = {99};
  EXPECT_EQ(embedder().encode(text, whole), 0);
  const Embedder shorter = embedder({.encoder = {.context_length = 12}});
  EXPECT_EQ(shorter.encode(text, cut), static_cast<int64_t>(whole.size()) - 12);
  std::vector<int32_t> expected = {99};
  expected.insert(expected.end(), whole.begin(), whole.begin() + 11);
  expected.push_back(tokenizer::kSepId);
  EXPECT_EQ(cut, expected);
  EXPECT_EQ(embedder().options().encoder.context_length, 128) << "max_position_embeddings";
}

TEST(Embedder, Bf16IsNearF32) {
  const EmbedderOptions options = {.encoder = {.precision = nn::Precision::kBf16},
                                   .normalize = true};
  const torch::Tensor bf16 = Embedder(Env::posix(), encoder_folder(), options).embed(kTexts);
  const torch::Tensor f32 = embedder({.normalize = true}).embed(kTexts);
  EXPECT_EQ(bf16.scalar_type(), torch::kFloat32);
  // tests/nn/precision_test.cc allows states 6/256 of their length; a cosine loses half its square.
  EXPECT_GT((bf16 * f32).sum(1).min().item<float>(), 1 - 0.5F * (6.0F / 256) * (6.0F / 256));
}

TEST(Embedder, Bf16IsChosenWhereTheProcessorHasIt) {
  const std::string flags = test::read_text("/proc/cpuinfo");
  const bool has_bf16 = flags.find(" avx512_bf16") != std::string::npos ||
                        flags.find(" amx_bf16") != std::string::npos ||
                        flags.find(" bf16") != std::string::npos;
  EXPECT_EQ(best_precision(c10::kCPU), has_bf16 ? nn::Precision::kBf16 : nn::Precision::kF32);
  const Embedder automatic(Env::posix(), encoder_folder());
  EXPECT_EQ(automatic.options().encoder.precision, best_precision(c10::kCPU));
}

TEST(Embedder, TheExampleOfTheDocsRuns) {
  EXPECT_NEAR(similarity(encoder_folder(), kTexts[0], kTexts[0]), 1, 1e-5);
  EXPECT_LT(similarity(encoder_folder(), kTexts[0], kTexts[2]), 0.999);
  EXPECT_THAT(test::read_text(REXBERT_SOURCE_DIR "/docs/inference.md"),
              HasSubstr(test::read_text(REXBERT_SOURCE_DIR "/tests/infer/similarity.cc")));
}

TEST(Embedder, RefusesWhatDoesNotFit) {
  EXPECT_EQ(refusal({.dimensions = 65}),
            "usage error: embedder: dimensions: expected 1 to 64, got 65");
  EXPECT_EQ(refusal({.encoder = {.context_length = 7}}),
            "usage error: encoder: context length: expected at least 8 tokens, got 7");
  EXPECT_EQ(refusal({.encoder = {.micro_tokens = 0}}),
            "usage error: encoder: micro-batch: expected at least 1 token, got 0");
  EXPECT_THAT(refusal({.encoder = {.device = "tpu"}}), HasSubstr("expected cpu or cuda, got tpu"));

  const test::TemporaryDirectory directory;
  const fs::path folder = directory / "small";
  fs::copy(encoder_folder(), folder, fs::copy_options::recursive);
  hf::ModelConfig config = hf::load_model_config(Env::posix(), folder);
  config.encoder.vocabulary = 100;
  nn::MaskedLanguageModel model(config.encoder);
  nn::initialize(model, 1);
  hf::NamedTensors weights;
  for (const auto& item : model.named_parameters()) weights.emplace_back(item.key(), item.value());
  hf::save_model(Env::posix(), weights, config, folder);
  EXPECT_THAT(test::error_of([&] { Embedder(Env::posix(), folder); }),
              HasSubstr("small: expected a tokenizer of at most 100 tokens, as the model has, got "
                        "one of 640"));
}

}  // namespace
}  // namespace rexbert::infer
