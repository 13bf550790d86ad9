#include "rexbert/infer/mask_filler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "infer/made_encoder.h"
#include "support/errors.h"

namespace rexbert::infer {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

MaskFiller filler(const fs::path& folder = encoder_folder()) {
  EncoderOptions options;
  options.precision = nn::Precision::kF32;
  return {Env::posix(), folder, options};
}

// Probabilities at `masked_M` of [CLS] ids [SEP], [M, V].
torch::Tensor expected(const fs::path& folder, const std::vector<int32_t>& ids,
                       const std::vector<int32_t>& masked_M) {
  const torch::NoGradGuard no_grad;
  const auto model = hf::load_model(Env::posix(), folder).model;
  return model->logits(input_of(ids), torch::tensor(masked_M, torch::kInt32)).softmax(1);
}

TEST(MaskFiller, GivesTheLikeliestTokensOfEveryMask) {
  const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), encoder_folder());
  const std::string text = "A [MASK] of running [MASK] of size 7";
  std::vector<int32_t> ids = {tokenizer::kClsId};
  tokenizer.encode_masked(text, ids);
  ids.push_back(tokenizer::kSepId);
  std::vector<int32_t> masks;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == tokenizer::kMaskId) masks.push_back(static_cast<int32_t>(i));
  }
  ASSERT_EQ(masks.size(), 2u);
  const torch::Tensor probabilities_MV = expected(encoder_folder(), ids, masks);

  const auto filled = filler().fill(text, 4);
  ASSERT_EQ(filled.size(), 2u);
  for (size_t m = 0; m < 2; ++m) {
    const auto [best, order] = probabilities_MV[static_cast<int64_t>(m)].topk(4);
    ASSERT_EQ(filled[m].size(), 4u);
    for (size_t k = 0; k < 4; ++k) {
      const MaskCandidate& candidate = filled[m][k];
      EXPECT_EQ(candidate.id, order[static_cast<int64_t>(k)].item<int64_t>());
      EXPECT_NEAR(candidate.probability, best[static_cast<int64_t>(k)].item<float>(), 1e-5);
      EXPECT_EQ(candidate.piece, tokenizer.piece(candidate.id));
      std::vector<int32_t> ids_filled = ids;
      ids_filled[static_cast<size_t>(masks[m])] = candidate.id;
      ids_filled[static_cast<size_t>(masks[1 - m])] = filled[1 - m][0].id;
      EXPECT_EQ(candidate.text, tokenizer.decode(ids_filled));
    }
  }
}

TEST(MaskFiller, ReadsMasksOfByteLevelTokenizers) {
  Env& env = Env::posix();
  const test::TemporaryDirectory directory;
  const fs::path folder = directory / "byte_level";
  fs::copy(REXBERT_SOURCE_DIR "/tests/golden/byte_level", folder);
  const auto tokenizer = tokenizer::Tokenizer::load(env, folder);
  hf::ModelConfig config = hf::load_model_config(env, encoder_folder());
  config.encoder.vocabulary = tokenizer.vocabulary_size() + 40;  // as models round theirs up
  nn::MaskedLanguageModel model(config.encoder);
  nn::initialize(model, 2);
  {
    // What stands for no token must not be taken, however likely.
    const torch::NoGradGuard no_grad;
    model.named_parameters()["decoder.bias"].slice(0, tokenizer.vocabulary_size()).fill_(50);
  }
  hf::NamedTensors weights;
  for (const auto& item : model.named_parameters()) weights.emplace_back(item.key(), item.value());
  hf::save_model(env, weights, config, folder);

  std::vector<int32_t> ids = {tokenizer.cls_id()};
  tokenizer.encode("the price", ids);
  const auto mask = static_cast<int32_t>(ids.size());
  ids.push_back(tokenizer.mask_id());
  tokenizer.encode(" 16", ids);
  ids.push_back(tokenizer.sep_id());
  const torch::Tensor probabilities_V = expected(folder, ids, {mask})[0];
  const auto filled = filler(folder).fill("the price [MASK] 16", tokenizer.vocabulary_size());
  ASSERT_EQ(filled.size(), 1u);
  double before = 1;
  for (const MaskCandidate& candidate : filled[0]) {
    EXPECT_NEAR(candidate.probability, probabilities_V[candidate.id].item<float>(), 1e-6);
    EXPECT_LE(candidate.probability, before);
    before = candidate.probability;
  }
}

TEST(MaskFiller, ATextFilledInIsReadAsAWhole) {
  // A bias makes " s" the likeliest everywhere, and "7" the next.
  const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), encoder_folder());
  const int32_t s = tokenizer.piece_id("\u2581s");
  const int32_t seven = tokenizer.piece_id("7");
  ASSERT_EQ(tokenizer.text(s), " s");
  ASSERT_EQ(tokenizer.text(seven), "7");
  const test::TemporaryDirectory directory;
  copy_encoder(directory / "biased", [&](nn::MaskedLanguageModel& model) {
    const torch::Tensor bias = model.named_parameters()["decoder.bias"];
    bias[s] = 200;
    bias[seven] = 100;
  });
  std::vector<std::string> texts;
  for (const auto& mask : filler(directory / "biased").fill("[MASK] of size[MASK].", 2)) {
    for (const MaskCandidate& candidate : mask) texts.push_back(candidate.text);
  }
  EXPECT_THAT(texts, ElementsAre("s of size s.", "7 of size s.", "s of size s.", "s of size7."));
}

TEST(MaskFiller, SaysWhatIsWrongWithAText) {
  const MaskFiller masks = filler();
  const auto refusal = [&](const std::string& text, int64_t top = 5) {
    return test::error_of([&] { masks.fill(text, top); });
  };
  EXPECT_EQ(refusal("running shoes"),
            "usage error: text: expected [MASK] in it at least once, got \"running shoes\"");
  EXPECT_EQ(refusal(""), "usage error: text: expected [MASK] in it at least once, got \"\"");
  EXPECT_EQ(refusal("[MASK]", 0), "usage error: top: expected 1 to 640, got 0");
  EXPECT_EQ(refusal("[MASK]", 641), "usage error: top: expected 1 to 640, got 641");
  EXPECT_EQ(refusal("[MASK] \xff"), "usage error: text: expected UTF-8, got \"[MASK] \\xff\"");
  std::string longer = "[MASK]";
  for (int i = 0; i < 200; ++i) longer += " shoes";
  EXPECT_THAT(refusal(longer), HasSubstr("text: expected at most 128 tokens, got "));
}

}  // namespace
}  // namespace rexbert::infer
