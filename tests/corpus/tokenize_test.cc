#include "rexbert/corpus/tokenize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "corpus/tokenize_fixture.h"
#include "rexbert/core/fault_env.h"
#include "support/errors.h"

namespace rexbert::corpus {
namespace {

using ::testing::ElementsAre;

TEST_F(TokenizeFixture, WritesEveryDocumentInOrderBetweenClsAndSep) {
  const TokenizeReport report = tokenize(env(), options_for("out"));
  const auto expected = all_samples();
  EXPECT_EQ(samples_of(path("out")), expected);
  uint64_t tokens = 0;
  for (const Sample& sample : expected) tokens += sample.input_ids.size();
  ASSERT_EQ(report.streams.size(), 1u);
  EXPECT_EQ(report.streams[0].documents, expected.size());
  EXPECT_EQ(report.streams[0].tokens, tokens);
  EXPECT_GT(report.streams[0].shards, 4u);
  EXPECT_FALSE(report.already_finished);
  EXPECT_EQ(report.read.documents, expected.size());
  EXPECT_EQ(report.read.bad, 0u);
  EXPECT_FALSE(fs::exists(report.bad_lines_file));

  const auto index = shard::Index::load(env(), path("out"));
  EXPECT_THAT(index.shards[0].columns,
              ElementsAre(shard::Column{"id", "str", std::nullopt},
                          shard::Column{"input_ids", "ndarray:uint16", std::nullopt}));
  EXPECT_TRUE(shard::verify_stream(env(), path("out")).ok());
  const auto info = shard::StreamInfo::load(env(), path("out"));
  ASSERT_TRUE(info.has_value());
  const auto tokenizer = tokenizer::Tokenizer::load(env(), path("tokenizer"));
  EXPECT_EQ(info->tokenizer_fingerprint, tokenizer.fingerprint());
  EXPECT_EQ(info->vocabulary_size, tokenizer.vocabulary_size());
  EXPECT_TRUE(info->wrapped);
  EXPECT_EQ(info->tokens(), tokens);
}

TEST_F(TokenizeFixture, LargeVocabulariesTake32Bits) {
  tokenizer::TrainOptions train;
  train.vocabulary_size = 65600;
  train.threads = 1;
  tokenizer::train(env(), train, {path("corpus/general.jsonl")}, path("large"));
  TokenizeOptions options = options_for("out");
  options.tokenizer = path("large");
  tokenize(env(), options);
  EXPECT_EQ(shard::Index::load(env(), path("out")).shards[0].columns[1].encoding, "ndarray:uint32");
}

TEST_F(TokenizeFixture, BytesDoNotDependOnThreads) {
  TokenizeOptions options = options_for("one");
  options.holdout = parse_holdout("10%");
  options.compression = "zstd";
  tokenize(env(), options);
  for (const int threads : {2, 5}) {
    options.output = path(str_cat("threads", threads));
    options.threads = threads;
    tokenize(env(), options);
    EXPECT_EQ(snapshot(str_cat("threads", threads)), snapshot("one"));
  }
}

TEST_F(TokenizeFixture, FinishedOutputIsLeftAlone) {
  tokenize(env(), options_for("out"));
  const auto before = snapshot("out");
  FaultInjectionEnv watched(env());
  const TokenizeReport report = tokenize(watched, options_for("out"));
  EXPECT_TRUE(report.already_finished);
  EXPECT_EQ(watched.operations(), 0);
  EXPECT_EQ(report.streams[0].documents, all_samples().size());
  EXPECT_EQ(report.read.documents, all_samples().size());
  EXPECT_EQ(snapshot("out"), before);
}

TEST_F(TokenizeFixture, AMissingIndexOfAFinishedOutputIsMadeAgain) {
  tokenize(env(), options_for("out"));
  const auto before = snapshot("out");
  for (const auto name : {shard::kIndexFile, shard::kStreamInfoFile}) {
    env().remove_file(path("out") / name);
    EXPECT_TRUE(tokenize(env(), options_for("out")).already_finished);
    EXPECT_EQ(snapshot("out"), before) << name;
  }
}

TEST_F(TokenizeFixture, OneProcessWritesAnOutput) {
  env().create_directories(path("out"));
  const auto lock = env().try_lock(path("out") / "tokenize.lock");
  ASSERT_NE(lock, nullptr);
  EXPECT_EQ(test::error_of([&] { tokenize(env(), options_for("out")); }),
            str_cat("usage error: ", path("out").string(),
                    ": another process writes this output; wait for its end or choose another "
                    "folder"));
}

TEST_F(TokenizeFixture, AJobThatMadeNothingCanBeBegunAnewWithOtherSettings) {
  TokenizeOptions options = options_for("out");
  options.read.text_field = "body";
  EXPECT_THAT(test::error_of([&] { tokenize(env(), options); }),
              ::testing::HasSubstr("no field \"body\""));
  tokenize(env(), options_for("out"));
  EXPECT_EQ(samples_of(path("out")), all_samples());
}

TEST_F(TokenizeFixture, ShareIsHeldOutByDocument) {
  TokenizeOptions options = options_for("out");
  options.holdout.share = 0.2;
  tokenize(env(), options);
  const auto train = samples_of(path("out/train"));
  const auto validation = samples_of(path("out/validation"));
  const auto all = all_samples();
  EXPECT_EQ(train.size() + validation.size(), all.size());
  // 311 draws at 0.2: five standard deviations are 35.
  EXPECT_NEAR(static_cast<double>(validation.size()), 0.2 * static_cast<double>(all.size()), 35);
  std::set<std::string> ids;
  for (const Sample& sample : train) ids.insert(sample.id);
  for (const Sample& sample : validation) EXPECT_TRUE(ids.insert(sample.id).second) << sample.id;
  EXPECT_THAT(snapshot("out").count("index.json"), 0);

  options.output = path("other_seed");
  options.holdout.seed = 18;
  tokenize(env(), options);
  EXPECT_NE(samples_of(path("other_seed/validation")), validation);
}

TEST_F(TokenizeFixture, CountIsExactAndTheLeastOfAShare) {
  TokenizeOptions options = options_for("count");
  options.holdout.at_least = 7;
  tokenize(env(), options);
  const auto seven = samples_of(path("count/validation"));
  EXPECT_EQ(seven.size(), 7u);
  EXPECT_EQ(samples_of(path("count/train")).size(), all_samples().size() - 7);

  options.output = path("small_share");
  options.holdout.share = 1e-9;
  tokenize(env(), options);
  EXPECT_EQ(samples_of(path("small_share/validation")), seven);

  options.output = path("large_share");
  options.holdout.share = 0.2;
  tokenize(env(), options);
  const auto many = samples_of(path("large_share/validation"));
  EXPECT_GT(many.size(), 30u);
  for (const Sample& sample : seven) EXPECT_THAT(many, ::testing::Contains(sample));

  options.output = path("too_many");
  options.holdout = {.share = 0, .at_least = 311};
  EXPECT_EQ(message_of(ErrorCode::kUsage, [&] { tokenize(env(), options); }),
            "holdout: expected more documents than the 311 to hold out, got 311");
  EXPECT_FALSE(fs::exists(path("too_many")));
}

TEST_F(TokenizeFixture, PartsOfFilesMergeToTheWhole) {
  TokenizeOptions options = options_for("out");
  options.holdout = parse_holdout("5%,2");
  for (const int64_t index : {3, 1, 2}) {
    options.part = Part{index, 3};
    tokenize(env(), options);
  }
  const MergeReport report = merge_parts(env(), path("out"));
  EXPECT_EQ(report.parts, 3);

  options.part.reset();
  options.output = path("whole");
  const TokenizeReport whole = tokenize(env(), options);
  for (const char* split : {"train", "validation"}) {
    EXPECT_EQ(samples_of(path("out") / split), samples_of(path("whole") / split));
    EXPECT_TRUE(shard::verify_stream(env(), path("out") / split).ok());
  }
  EXPECT_EQ(report.streams[0].documents, whole.streams[0].documents);
  EXPECT_EQ(report.streams[1].tokens, whole.streams[1].tokens);
  const auto again = snapshot("out");
  merge_parts(env(), path("out"));
  EXPECT_EQ(snapshot("out"), again);
}

TEST_F(TokenizeFixture, MorePartsThanFilesDealDocumentsOut) {
  TokenizeOptions options = options_for("out");
  write("corpus/broken.jsonl", "{\n[]\n{\"text\": 1}\n\n");
  options.on_error = text::OnError::kSkip;
  uint64_t bad = 0;
  for (int64_t index = 1; index <= 6; ++index) {
    options.part = Part{index, 6};
    const TokenizeReport report = tokenize(env(), options);
    EXPECT_GT(report.streams[0].documents, 20u);
    bad += report.read.bad;
  }
  EXPECT_EQ(bad, 3u);
  EXPECT_EQ(merge_parts(env(), path("out")).bad_lines, 3u);
  auto merged = samples_of(path("out"));
  auto all = all_samples();
  const auto by_id = [](const Sample& a, const Sample& b) { return a.id < b.id; };
  std::sort(merged.begin(), merged.end(), by_id);
  std::sort(all.begin(), all.end(), by_id);
  EXPECT_EQ(merged, all);
}

TEST_F(TokenizeFixture, MergeNamesWhatIsMissing) {
  EXPECT_EQ(message_of(ErrorCode::kNotFound, [&] { merge_parts(env(), path("corpus")); }),
            "ROOT/corpus: expected the parts of a job made with --part i/n, found none");
  TokenizeOptions options = options_for("out");
  options.part = Part{2, 2};
  tokenize(env(), options);
  EXPECT_EQ(message_of(ErrorCode::kNotFound, [&] { merge_parts(env(), path("out")); }),
            "ROOT/out/tokenize-00001-of-00002.journal: part 1/2 was not started");
  options.part = Part{1, 2};
  options.shard_bytes *= 2;
  tokenize(env(), options);
  EXPECT_EQ(
      message_of(ErrorCode::kIncompatible, [&] { merge_parts(env(), path("out")); }),
      "ROOT/out/tokenize-00002-of-00002.journal: this output was begun with shard_bytes 65536, "
      "now it is 32768; go on with the same, or choose another output folder");
}

TEST_F(TokenizeFixture, BadLinesStopTheJobOrAreListed) {
  write("corpus/aa.jsonl",
        "{\"id\": \"good\", \"text\": \"one two\"}\n{\"id\": \"x\"}\n\n{\"text\": \"\xff\"}\nnot "
        "json\n");
  TokenizeOptions options = options_for("out");
  const std::string first = "ROOT/corpus/aa.jsonl:2: ";
  const std::string stopped = message_of(ErrorCode::kCorrupt, [&] { tokenize(env(), options); });
  EXPECT_TRUE(stopped.starts_with(first)) << stopped;

  // The same output goes on when bad lines may be skipped.
  options.on_error = text::OnError::kSkip;
  const TokenizeReport report = tokenize(env(), options);
  EXPECT_EQ(report.read.bad, 3u);
  EXPECT_EQ(report.read.empty, 1u);
  EXPECT_EQ(report.read.documents, all_samples().size() + 1);
  EXPECT_EQ(samples_of(path("out"))[0].id, "good");
  std::istringstream lines(env().read_file(report.bad_lines_file));
  std::vector<int> numbers;
  for (std::string line; std::getline(lines, line);) {
    const Json json = parse_json(line, "bad_lines.jsonl");
    EXPECT_EQ(json.at("file"), path("corpus/aa.jsonl").string());
    numbers.push_back(json.at("line"));
    if (numbers.size() == 1) {
      EXPECT_EQ(first + json.at("reason").get<std::string>(), stopped);
    }
  }
  EXPECT_THAT(numbers, ElementsAre(2, 4, 5));
}

}  // namespace
}  // namespace rexbert::corpus
