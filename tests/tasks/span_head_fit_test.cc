#include "rexbert/tasks/span_head_fit.h"

#include <gtest/gtest.h>

namespace rexbert::tasks {
namespace {

// Vectors of two classes.
struct Made {
  torch::Tensor states_ND;
  torch::Tensor classes_N;

  explicit Made(int64_t count) {
    auto generator = at::make_generator<at::CPUGeneratorImpl>(5);
    states_ND = torch::randn({count, 16}, generator);
    classes_N = (states_ND.select(1, 0) + states_ND.select(1, 1) > 0).to(torch::kInt64);
  }
};

class FitSpanHeadTest : public ::testing::Test {
 protected:
  FitSpanHeadTest()
      : model_({.vocabulary = 64,
                .hidden = 16,
                .intermediate = 16,
                .layers = 1,
                .heads = 2,
                .init_std = 0.3}) {
    nn::initialize(model_, 1);
  }
  nn::MaskedLanguageModel model_;
  SpanHeadFitOptions options_ = {.epochs = 10, .batch = 64, .learning_rate = 1e-2};
};

TEST_F(FitSpanHeadTest, LearnsWhatTellsVectorsApart) {
  const Made made(500);
  infer::SpanHead head(model_, 2);
  EXPECT_LT(fit_span_head(head, made.states_ND, made.classes_N, options_), 0.3);
  const torch::NoGradGuard no_grad;
  const torch::Tensor right =
      (head.forward(made.states_ND).argmax(1) == made.classes_N).to(torch::kFloat32).mean();
  EXPECT_GT(right.item<float>(), 0.9F);
}

TEST_F(FitSpanHeadTest, TheSameVectorsGiveTheSameWeights) {
  const Made made(100);
  infer::SpanHead first(model_, 2);
  infer::SpanHead second(model_, 2);
  infer::SpanHead other(model_, 2);
  const double loss = fit_span_head(first, made.states_ND, made.classes_N, options_);
  EXPECT_EQ(fit_span_head(second, made.states_ND, made.classes_N, options_), loss);
  options_.seed = 18;
  EXPECT_NE(fit_span_head(other, made.states_ND, made.classes_N, options_), loss);
  for (const auto& parameter : first.named_parameters()) {
    EXPECT_TRUE(torch::equal(parameter.value(), second.named_parameters()[parameter.key()]));
  }
}

TEST_F(FitSpanHeadTest, TheHeadOfThePretrainedModelStaysAsItIs) {
  const torch::Tensor before = model_.named_parameters()["head.dense.weight"].clone();
  const Made made(100);
  infer::SpanHead head(model_, 2);
  fit_span_head(head, made.states_ND, made.classes_N, options_);
  EXPECT_TRUE(torch::equal(model_.named_parameters()["head.dense.weight"], before));
  EXPECT_FALSE(torch::equal(head.named_parameters()["head.dense.weight"], before));
}

}  // namespace
}  // namespace rexbert::tasks
