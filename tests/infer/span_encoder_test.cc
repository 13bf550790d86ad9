#include "rexbert/infer/span_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "infer/made_encoder.h"
#include "rexbert/hf/safetensors.h"
#include "rexbert/infer/span_head.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::infer {
namespace {

using ::testing::HasSubstr;

SpanEncoder encoder(EncoderOptions options = {}) {
  options.precision = nn::Precision::kF32;
  return {Env::posix(), encoder_folder(), options};
}

TEST(SpanEncoder, ASpanIsTheMeanOfItsTokensWithinTheText) {
  const SpanEncoder spans = encoder();
  const Spans text = {"running shoes", "", "Once upon a time"};
  const torch::Tensor states = spans.mean_states({&text, 1});

  const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), encoder_folder());
  std::vector<int32_t> ids = {tokenizer::kClsId};
  tokenizer.encode(text[0], ids);
  const auto first = static_cast<int64_t>(ids.size());
  tokenizer.encode(text[2], ids);
  const auto second = static_cast<int64_t>(ids.size());
  ids.push_back(tokenizer::kSepId);
  const torch::NoGradGuard no_grad;
  const torch::Tensor hidden_TD = spans.model().encoder().forward(input_of(ids));

  ASSERT_EQ(states.sizes(), (torch::IntArrayRef{3, 64}));
  expect_near(states[0], hidden_TD.slice(0, 1, first).mean(0));
  expect_near(states[1], torch::zeros({64}));
  expect_near(states[2], hidden_TD.slice(0, first, second).mean(0));
}

TEST(SpanEncoder, TextsDoNotChangeEachOther) {
  std::vector<Spans> texts;
  for (size_t i = 0; i < 9; ++i) {
    texts.push_back(Spans(i % 4, i % 2 == 0 ? "size 7 shoes" : "Once upon a time"));
  }
  const SpanEncoder together = encoder();
  const SpanEncoder apart = encoder({.micro_tokens = 1});
  expect_near(together.mean_states(texts), apart.mean_states(texts));
  std::vector<torch::Tensor> single;
  for (const Spans& text : texts) single.push_back(together.mean_states({&text, 1}));
  expect_near(together.mean_states(texts), torch::cat(single));
}

TEST(SpanEncoder, ALongTextIsReadInWindowsOfWholeSpans) {
  const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), encoder_folder());
  const std::string_view line = "running shoes of size 7.";
  const auto length = static_cast<int64_t>(tokenizer.encode(line).size());
  const SpanEncoder spans = encoder({.context_length = 2 * length + 3});  // two lines and a token
  const std::vector<Spans> whole = {Spans(5, line)};
  const std::vector<Spans> parts = {Spans(2, line), Spans(2, line), Spans(1, line)};
  expect_near(spans.mean_states(whole), spans.mean_states(parts));
}

TEST(SpanEncoder, ASpanBeyondTheContextIsCut) {
  const SpanEncoder spans = encoder({.context_length = 10});
  std::string text;
  for (int i = 0; i < 40; ++i) text += "shoes ";
  const Spans longer = {text, "size 7"};
  const Spans whole = {std::string_view(text).substr(0, 120), "size 7"};
  expect_near(spans.mean_states({&longer, 1}), spans.mean_states({&whole, 1}));
  EXPECT_THAT(test::error_of([&] { encoder({.context_length = 4}); }),
              HasSubstr("context length: expected at least 8 tokens, got 4"));
}

TEST(SpanEncoder, AHeadSurvivesItsFile) {
  Env& env = Env::posix();
  const SpanEncoder spans = encoder();
  SpanHead head(spans.model(), 2);
  const torch::Tensor states = torch::randn({5, 64});
  EXPECT_TRUE(torch::equal(head.forward(states), torch::zeros({5, 2})));
  {
    const torch::NoGradGuard no_grad;
    for (auto& parameter : head.named_parameters()) parameter.value().uniform_(-1, 1);
  }
  const test::TemporaryDirectory directory;
  const fs::path file = directory / "a.safetensors";
  head.save(env, file, {{"encoder", "e"}});
  SpanHead loaded(spans.model(), 2);
  loaded.load(env, file);
  EXPECT_TRUE(torch::equal(head.forward(states), loaded.forward(states)));
  EXPECT_EQ(hf::read_safetensors_metadata(env, file).at("encoder"), "e");
  SpanHead three(spans.model(), 3);
  EXPECT_THAT(test::error_of([&] { three.load(env, file); }),
              HasSubstr("a.safetensors: tensor classifier.weight: expected one of 192 numbers, got "
                        "one of 128"));
}

}  // namespace
}  // namespace rexbert::infer
