#include "rexbert/eval/mlm.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "batch/made_stream.h"
#include "batch/masking_vocabulary.h"
#include "rexbert/core/error.h"
#include "support/rank_threads.h"

namespace rexbert::eval {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::StartsWith;

// Above every token of the first six documents of a made stream; the seventh has some at and above
// it.
constexpr int32_t kVocabulary = 47'600;

nn::EncoderConfig tiny() {
  nn::EncoderConfig config;
  config.vocabulary = kVocabulary;
  config.hidden = 16;
  config.intermediate = 24;
  config.layers = 2;
  config.heads = 2;
  config.local_window = 8;
  return config;
}

// The same weights every time. Sums of floats of like size are exact in double, whatever their
// order; one token with huge logits, in half of the places above all others, makes the losses span
// more than a double's digits.
std::shared_ptr<nn::MaskedLanguageModel> make_model() {
  auto model = std::make_shared<nn::MaskedLanguageModel>(tiny());
  nn::initialize(*model, 17);
  torch::NoGradGuard no_grad;
  model->named_parameters()["model.embeddings.tok_embeddings.weight"][7].mul_(1e13);
  return model;
}

batch::Masker make_masker() {
  batch::MadeVocabulary made;
  while (made.vocabulary.size() < kVocabulary) made.add("x", true);
  return batch::Masker(kEvaluationSeed, made.vocabulary);
}

// What an evaluation says, to the last bit.
struct Scores {
  MlmScore total;
  std::vector<DocumentScore> documents;

  bool operator==(const Scores&) const = default;
};

class Mlm : public testing::Test {
 protected:
  Mlm() : scratch_("eval") {
    // A document of 150 tokens is chunks of 64, 64 and 28: two of them are three batches.
    options_.probability = 0.3;
    options_.context_length = 64;
    options_.micro_tokens = 130;
  }

  shard::TokenStream stream(const std::string& name, const std::vector<int32_t>& lengths) {
    batch::write_stream(scratch_.path() / name, {.lengths = lengths, .shard_bytes = 1000});
    return open(name);
  }
  shard::TokenStream open(const std::string& name) {
    return shard::TokenStream::open(Env::posix(), scratch_.path() / name);
  }

  Scores evaluate(const shard::TokenStream& stream, dist::ProcessGroup& group) {
    at::set_num_threads(1);
    Scores scores;
    scores.total = evaluate_mlm(*make_model(), stream, masker_, options_, group,
                                {.each_document = [&](const DocumentScore& document) {
                                  scores.documents.push_back(document);
                                }});
    return scores;
  }

  // Expects that each rank of groups of 1 to 4 gets what one process alone gets.
  void expect_equal_on_all_ranks(const shard::TokenStream& stream) {
    const Scores alone = evaluate(stream, *dist::single_process());
    for (int world_size = 1; world_size <= 4; ++world_size) {
      std::vector<Scores> scores(static_cast<size_t>(world_size));
      EXPECT_THAT(test::run_ranks(world_size,
                                  [&](test::RankThread& group) {
                                    scores[static_cast<size_t>(group.rank())] =
                                        evaluate(stream, group);
                                  }),
                  Each("no error"));
      for (const Scores& rank : scores) EXPECT_TRUE(rank == alone) << world_size << " ranks";
    }
  }

  // Rounds of exchange that each of `world_size` ranks takes part in.
  int rounds(const shard::TokenStream& stream, int world_size) {
    std::vector<int> counts(static_cast<size_t>(world_size));
    test::run_ranks(world_size, [&](test::RankThread& group) {
      evaluate(stream, group);
      counts[static_cast<size_t>(group.rank())] = group.gathers();
    });
    EXPECT_THAT(counts, Each(counts[0]));
    return counts[0];
  }

  batch::ScratchFolder scratch_;
  batch::Masker masker_ = make_masker();
  MlmOptions options_;
};

TEST_F(Mlm, AnyNumberOfRanksGetsTheBitsOfOneProcess) {
  // 2, 3, 5, 6 and 8 batches: odd numbers, fewer than ranks, and whole rounds.
  for (const size_t documents : {1, 2, 3, 4, 5}) {
    SCOPED_TRACE(str_cat(documents, " documents"));
    expect_equal_on_all_ranks(
        stream(str_cat("equal", documents), std::vector<int32_t>(documents, 150)));
  }
}

TEST_F(Mlm, DocumentsOfAllLengthsGetTheBitsOfOneProcess) {
  const auto mixed = stream("mixed", {3, 700, 61, 62, 63, 900});
  expect_equal_on_all_ranks(mixed);
  options_.section_tokens = 40;
  expect_equal_on_all_ranks(mixed);
  options_.tokens = 500;
  expect_equal_on_all_ranks(mixed);
}

TEST_F(Mlm, AnEmptyStreamScoresNothing) {
  const auto empty = stream("empty", {});
  expect_equal_on_all_ranks(empty);
  EXPECT_EQ(evaluate(empty, *dist::single_process()), Scores());
}

TEST_F(Mlm, SumsAreThoseOfTheDocuments) {
  const auto made = stream("sums", {150, 150, 20});
  const Scores scores = evaluate(made, *dist::single_process());
  ASSERT_EQ(scores.documents.size(), 3u);
  MlmScore sum;
  for (const DocumentScore& document : scores.documents) sum.add(document.score);
  EXPECT_EQ(sum, scores.total);
  EXPECT_EQ(scores.total.documents, 3);
  EXPECT_EQ(scores.total.tokens, 150 + 6 + 150 + 6 + 20 + 2);
  EXPECT_GT(scores.total.loss, 1e9) << "of the token with huge logits";
  EXPECT_NEAR(static_cast<double>(scores.total.masked), 0.3 * 320, 40);
}

TEST_F(Mlm, RanksMeetOnceARoundAndAtTheEnd) {
  const auto eight = stream("rounds", std::vector<int32_t>(5, 150));
  EXPECT_EQ(rounds(eight, 1), 0) << "one process has nobody to tell";
  EXPECT_EQ(rounds(eight, 2), 4 + 1);
  EXPECT_EQ(rounds(eight, 3), 2 + 1);
}

TEST_F(Mlm, AnErrorInOneRanksBatchEndsAll) {
  // Of eleven batches the tenth has the first token that the vocabulary lacks: the second rank's.
  const auto odd = stream("odd", std::vector<int32_t>(7, 150));
  const auto errors = test::run_ranks(2, [&](test::RankThread& group) { evaluate(odd, group); });
  EXPECT_THAT(errors, ElementsAre(StartsWith("incompatible: evaluation: rank 1: masking: "),
                                  StartsWith("incompatible: masking: ")));
}

TEST_F(Mlm, AnErrorOfOneRanksFilesEndsAll) {
  const auto good = stream("good", std::vector<int32_t>(5, 150));
  const auto bad = stream("bad", std::vector<int32_t>(5, 150));
  const fs::path last = bad.directory() / "shard.00001.mds";
  Env::posix().truncate_file(last, Env::posix().file_size(last) - 1);
  const auto errors = test::run_ranks(
      3, [&](test::RankThread& group) { evaluate(group.rank() == 2 ? bad : good, group); });
  const std::string said = str_cat(last.string(), ": ");
  EXPECT_THAT(errors, ElementsAre(StartsWith("corrupt data: evaluation: rank 2: " + said),
                                  StartsWith("corrupt data: evaluation: rank 2: " + said),
                                  StartsWith("corrupt data: " + said)));
}

TEST_F(Mlm, RanksWithOtherDataAreRefused) {
  const auto longer = stream("longer", std::vector<int32_t>(5, 150));
  const auto shorter = stream("shorter", std::vector<int32_t>(2, 150));
  const auto errors = test::run_ranks(
      2, [&](test::RankThread& group) { evaluate(group.rank() == 0 ? longer : shorter, group); });
  EXPECT_THAT(errors, Each("incompatible: evaluation: expected the same data on every rank, got "
                           "440 tokens on rank 0 and 312 on rank 1"))
      << "after two rounds of the one and all of the other";
}

}  // namespace
}  // namespace rexbert::eval
