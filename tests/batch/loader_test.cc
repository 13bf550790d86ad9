#include "rexbert/batch/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "batch/made_stream.h"
#include "rexbert/core/error.h"
#include "rexbert/plan/batch_share.h"

namespace rexbert::batch {
namespace {

using ::testing::HasSubstr;

constexpr int32_t kLanes = 12;
constexpr int64_t kSteps = 24;
constexpr uint64_t kSeed = 5;

// Three phases: other batch sizes, context lengths and mixtures.
plan::StepSpec spec_at(int64_t step) {
  plan::StepSpec spec;
  spec.step = step;
  const auto rows_before = [](int64_t at) { return kLanes * (at + std::max<int64_t>(0, at - 6)); };
  spec.first_row = rows_before(step);
  spec.rows = rows_before(step + 1) - spec.first_row;
  spec.context_length = step < 10 ? 256 : step < 18 ? 1024 : 512;
  spec.phase = step < 10 ? 0 : step < 18 ? 1 : 2;
  spec.mixture = step < 10 ? std::vector<double>{1, 0} : std::vector<double>{0.4, 0.6};
  return spec;
}

// Stands for masking: changes tokens by what may matter, and marks what it did.
void mark(const plan::MaskingSpec&, PackedBatch& batch) {
  for (size_t s = 0; s < batch.sample_S.size(); ++s) {
    const SampleId& id = batch.sample_S[s];
    const auto at = static_cast<size_t>(batch.offsets_S1[s]) + 1;
    batch.masked_M.push_back(static_cast<int32_t>(at));
    batch.targets_M.push_back(batch.tokens_T[at]);
    batch.tokens_T[at] = id.shard * 1000 + id.sample;
  }
}

class LoaderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    scratch_ = std::make_unique<ScratchFolder>("loader");
    streams_ = {
        make_stream(*scratch_, "ecommerce", {.lengths = skewed_lengths(1500, 3, 250, 1)}, kLanes),
        make_stream(*scratch_, "general",
                    {.lengths = skewed_lengths(600, 50, 4000, 2), .compression = "zstd"}, kLanes)};
  }
  static void TearDownTestSuite() {
    streams_.clear();
    scratch_.reset();
  }

  static LoaderSetup setup(int32_t rank = 0, int32_t world = 1, int32_t prefetch = 0) {
    return {.streams = streams_,
            .step_at = spec_at,
            .end_step = kSteps,
            .mask = mark,
            .options = {.lanes = kLanes,
                        .window_rows = 16,
                        .micro_tokens = 2048,
                        .prefetch_steps = prefetch},
            .seed = kSeed,
            .rank = rank,
            .world = world};
  }

  static std::string failure(const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }

  static inline std::unique_ptr<ScratchFolder> scratch_;
  static inline std::vector<std::shared_ptr<const StreamSource>> streams_;
};

// Everything about a row, as text.
using Rows = std::map<int64_t, std::string>;

void add_rows(const LoadedStep& step, Rows& rows) {
  for (const PackedBatch& batch : step.micro_batches) {
    size_t masked = 0;
    for (size_t s = 0; s < batch.sample_S.size(); ++s) {
      const SampleId& id = batch.sample_S[s];
      std::string& text = rows[batch.row_S[s]];
      text += str_cat("[", id.stream, " ", id.epoch, " ", id.shard, " ", id.sample, " ", id.token,
                      " at ", batch.row_start_S[s], ":");
      for (int32_t t = batch.offsets_S1[s]; t < batch.offsets_S1[s + 1]; ++t) {
        text += str_cat(" ", batch.tokens_T[static_cast<size_t>(t)]);
        if (masked < batch.masked_M.size() && batch.masked_M[masked] == t) {
          text += str_cat("/", batch.targets_M[masked++]);
        }
      }
      text += "]";
    }
  }
}

void expect_equal(const LoadedStep& a, const LoadedStep& b) {
  ASSERT_EQ(a.spec.step, b.spec.step);
  ASSERT_EQ(a.micro_batches.size(), b.micro_batches.size());
  for (size_t i = 0; i < a.micro_batches.size(); ++i) {
    const PackedBatch& x = a.micro_batches[i];
    const PackedBatch& y = b.micro_batches[i];
    ASSERT_EQ(x.tokens_T, y.tokens_T);
    ASSERT_EQ(x.positions_T, y.positions_T);
    ASSERT_EQ(x.offsets_S1, y.offsets_S1);
    ASSERT_EQ(x.masked_M, y.masked_M);
    ASSERT_EQ(x.targets_M, y.targets_M);
    ASSERT_EQ(x.sample_S, y.sample_S);
    ASSERT_EQ(x.row_S, y.row_S);
    ASSERT_EQ(x.row_start_S, y.row_start_S);
    ASSERT_EQ(x.longest, y.longest);
  }
}

struct History {
  std::vector<LoadedStep> steps;
  std::vector<LoaderState> states;  // before each step, and after the last
};

History run(LoaderSetup setup) {
  Loader loader(std::move(setup));
  History run;
  run.states.push_back(loader.state());
  for (int64_t step = 0; step < kSteps; ++step) {
    run.steps.push_back(loader.next());
    run.states.push_back(loader.state());
  }
  return run;
}

TEST_F(LoaderTest, RowsAreThoseOfThePlan) {
  const History all = run(setup());
  for (const LoadedStep& step : all.steps) {
    std::vector<int64_t> rows;
    for (const PackedBatch& batch : step.micro_batches) {
      const int64_t batch_rows = batch.row_S.back() - batch.row_S.front() + 1;
      EXPECT_LE(batch_rows * step.spec.context_length, 2048);
      EXPECT_GE(batch.tokens(),
                batch_rows * (step.spec.context_length - allowed_hole(step.spec.context_length)));
      for (size_t s = 0; s < batch.row_S.size(); ++s) {
        if (rows.empty() || rows.back() != batch.row_S[s]) rows.push_back(batch.row_S[s]);
        EXPECT_EQ(batch.sample_S[s].stream, plan::stream_of_row(step.spec, batch.row_S[s], kSeed));
      }
    }
    ASSERT_EQ(static_cast<int64_t>(rows.size()), step.spec.rows);
    for (size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(rows[i], step.spec.first_row + static_cast<int64_t>(i));
    }
  }
}

TEST_F(LoaderTest, EveryWorldSizeSeesTheSameGlobalBatches) {
  Rows alone;
  for (const LoadedStep& step : run(setup()).steps) add_rows(step, alone);
  for (const int32_t world : {2, 3, 4, 6, 12}) {
    Rows together;
    std::vector<LoaderState> states;
    for (int32_t rank = 0; rank < world; ++rank) {
      const History part = run(setup(rank, world));
      for (const LoadedStep& step : part.steps) add_rows(step, together);
      states.push_back(part.states.back());
    }
    EXPECT_TRUE(together == alone) << world;
    EXPECT_EQ(LoaderState::merge(states), run(setup()).states.back());
  }
}

TEST_F(LoaderTest, MicroBatchesAreThoseOfTheShare) {
  for (const int32_t world : {1, 3, 12}) {
    for (const LoadedStep& step : run(setup(world - 1, world)).steps) {
      const plan::BatchShare share =
          plan::share_batch(step.spec.rows, step.spec.context_length, 2048, world);
      ASSERT_EQ(static_cast<int64_t>(step.micro_batches.size()), share.micro_batches);
      for (const PackedBatch& batch : step.micro_batches) {
        const bool last = &batch == &step.micro_batches.back();
        const std::set<int64_t> rows(batch.row_S.begin(), batch.row_S.end());
        ASSERT_EQ(static_cast<int64_t>(rows.size()),
                  last ? share.last_micro_rows : share.micro_rows);
      }
    }
  }
}

TEST_F(LoaderTest, PrefetchingChangesNothing) {
  const History plain = run(setup());
  for (const int32_t depth : {1, 3, 100}) {
    const History ahead = run(setup(0, 1, depth));
    for (size_t i = 0; i < plain.steps.size(); ++i) expect_equal(plain.steps[i], ahead.steps[i]);
    EXPECT_EQ(plain.states, ahead.states);
  }
}

TEST_F(LoaderTest, TheSeedChangesTheOrder) {
  Rows rows, other;
  add_rows(Loader(setup()).next(), rows);
  LoaderSetup changed = setup();
  changed.seed = kSeed + 1;
  add_rows(Loader(changed).next(), other);
  EXPECT_FALSE(rows == other);
}

TEST_F(LoaderTest, NeighbouringRowsComeFromManyDocuments) {
  std::map<std::pair<int32_t, int32_t>, int> samples;
  const LoadedStep step = Loader(setup()).next();
  for (const PackedBatch& batch : step.micro_batches) {
    for (const SampleId& id : batch.sample_S) ++samples[{id.shard, id.sample}];
  }
  EXPECT_GT(samples.size(), 12u);
}

TEST_F(LoaderTest, ResumeGoesOnFromEveryStep) {
  const History unbroken = run(setup());
  for (size_t at = 0; at < kSteps; ++at) {
    const LoaderState state = LoaderState::parse(unbroken.states[at].dump(), "loader.json");
    Loader loader(setup(0, 1, at % 2 == 0 ? 2 : 0), state);
    EXPECT_EQ(loader.state(), unbroken.states[at]);
    for (size_t i = at; i < std::min<size_t>(at + 4, kSteps); ++i) {
      expect_equal(loader.next(), unbroken.steps[i]);
      ASSERT_EQ(loader.state(), unbroken.states[i + 1]);
    }
  }
}

TEST_F(LoaderTest, ResumeOnAnotherNumberOfRanks) {
  const History unbroken = run(setup());
  Rows expected, got;
  for (size_t i = 13; i < kSteps; ++i) add_rows(unbroken.steps[i], expected);
  for (int32_t rank = 0; rank < 3; ++rank) {
    Loader loader(setup(rank, 3), unbroken.states[13]);
    for (size_t i = 13; i < kSteps; ++i) add_rows(loader.next(), got);
  }
  EXPECT_TRUE(got == expected);
}

TEST_F(LoaderTest, CursorsOfAbsentStreamsAreKept) {
  const History unbroken = run(setup());
  LoaderSetup general_only = setup();
  general_only.streams.erase(general_only.streams.begin());
  general_only.step_at = [](int64_t step) {
    plan::StepSpec spec = spec_at(step);
    spec.mixture = {1};
    return spec;
  };
  Loader loader(general_only, unbroken.states[12]);
  loader.next();
  EXPECT_EQ(loader.state().streams.at("ecommerce"), unbroken.states[12].streams.at("ecommerce"));
  EXPECT_NE(loader.state().streams.at("general"), unbroken.states[12].streams.at("general"));
}

TEST_F(LoaderTest, RefusesAStateOfAnotherRun) {
  const LoaderState state = run(setup()).states[3];
  const auto with = [&](auto change) {
    LoaderSetup changed = setup();
    change(changed);
    return failure([&] { Loader(changed, state).next(); });
  };
  EXPECT_EQ(with([](LoaderSetup&) {}), "");
  EXPECT_THAT(with([](LoaderSetup& s) { s.seed = 6; }), HasSubstr("run.seed"));
  EXPECT_THAT(with([](LoaderSetup& s) { s.options.window_rows = 8; }),
              HasSubstr("data.window_rows: the loader state is of 16, the run has 8"));
  EXPECT_THAT(with([](LoaderSetup& s) {
                s.options.lanes = 6;
                s.streams = {open_made(scratch_->path() / "general", "general", 6)};
              }),
              HasSubstr("data.lanes"));
  EXPECT_THAT(with([](LoaderSetup& s) {
                s.streams[1] = open_made(scratch_->path() / "ecommerce", "general", kLanes);
              }),
              HasSubstr("streams.general"));
}

TEST_F(LoaderTest, RefusesTheStateOfSomeRanks) {
  Loader part(setup(1, 2));
  part.next();
  EXPECT_THAT(failure([&] { Loader(setup(), part.state()); }), HasSubstr("no cursor for lane 0"));
}

TEST_F(LoaderTest, RefusesWhatDoesNotFitTogether) {
  const auto with = [&](auto change) {
    LoaderSetup changed = setup();
    change(changed);
    return failure([&] { Loader(changed).next(); });
  };
  EXPECT_THAT(with([](LoaderSetup& s) { s.world = 5; }),
              HasSubstr("divides the 12 lanes, got 5; nearest are 4 and 6"));
  EXPECT_THAT(with([](LoaderSetup& s) { s.rank = 1; }), HasSubstr("rank 1 of 1"));
  EXPECT_THAT(with([](LoaderSetup& s) { s.streams.clear(); }), HasSubstr("at least one stream"));
  EXPECT_THAT(with([](LoaderSetup& s) { s.options.lanes = 4; }), HasSubstr("12 lanes, not for 4"));
  EXPECT_THAT(with([](LoaderSetup& s) { s.streams.pop_back(); }),
              HasSubstr("mixture of 1 streams"));
  EXPECT_THAT(with([](LoaderSetup& s) {
                s.step_at = [](int64_t step) {
                  plan::StepSpec spec = spec_at(step);
                  spec.rows = 13;
                  return spec;
                };
              }),
              HasSubstr("data of step 0: expected rows in multiples of the 12 lanes, got 13"));
  EXPECT_THAT(with([](LoaderSetup& s) { s.end_step = 0; }),
              HasSubstr("no data after the last step"));
}

TEST_F(LoaderTest, AnErrorInTheThreadSurfacesAtItsStep) {
  for (const int32_t prefetch : {0, 2}) {
    LoaderSetup broken = setup(0, 1, prefetch);
    broken.mask = [rows = 0](const plan::MaskingSpec& spec, PackedBatch& batch) mutable {
      if (batch.row_S.back() >= 2 * kLanes) throw Error(ErrorCode::kCorrupt, "mask broke");
      mark(spec, batch);
      ++rows;
    };
    Loader loader(broken);
    loader.next();
    loader.next();
    const LoaderState before = loader.state();
    EXPECT_EQ(failure([&] { loader.next(); }), "data of step 2: mask broke");
    EXPECT_EQ(failure([&] { loader.next(); }), "data of step 2: mask broke");
    EXPECT_EQ(loader.state(), before);
  }
}

// A step of 1.1 M tokens, one micro-batch.
LoaderSetup of_large_steps(LoaderSetup setup) {
  setup.step_at = [](int64_t step) {
    plan::StepSpec spec = spec_at(0);
    spec.step = step;
    spec.rows = 90 * kLanes;
    spec.first_row = step * spec.rows;
    spec.context_length = 1024;
    return spec;
  };
  setup.options.micro_tokens = int64_t{1} << 21;
  return setup;
}

TEST_F(LoaderTest, EndsCleanlyWithStepsUnread) {
  for (const int32_t prefetch : {1, 4}) {
    for (const bool large : {false, true}) {
      const LoaderSetup made =
          large ? of_large_steps(setup(0, 1, prefetch)) : setup(0, 1, prefetch);
      Loader unread(made);
      Loader started(made);
      started.next();
    }
  }
}

TEST_F(LoaderTest, MakesSmallStepsFurtherAhead) {
  LoaderSetup small = setup(0, 1, 1);
  std::atomic<int64_t> made_rows = 0;
  small.mask = [&](const plan::MaskingSpec&, PackedBatch& batch) {
    made_rows = batch.row_S.back();
  };
  const plan::StepSpec last = spec_at(kSteps - 1);
  Loader loader(small);
  while (made_rows < last.first_row + last.rows - 1) std::this_thread::yield();
  loader.next();
  EXPECT_EQ(loader.state().next_step, 1);
}

TEST_F(LoaderTest, MakesNoMoreLargeStepsAheadThanAskedFor) {
  constexpr int64_t kPrefetch = 2;
  LoaderSetup large = of_large_steps(setup(0, 1, kPrefetch));
  large.end_step = 12;
  std::atomic<int64_t> asked = 0, made = 0, most_ahead = 0;
  large.mask = [&](const plan::MaskingSpec&, PackedBatch&) {
    most_ahead = std::max(most_ahead.load(), ++made - asked.load());
  };
  Loader loader(large);
  for (int64_t step = 0; step < large.end_step; ++step) {
    ++asked;
    loader.next();
  }
  EXPECT_EQ(made, 12);
  EXPECT_LE(most_ahead, kPrefetch + 1) << "and the one that waits for room";
}

TEST_F(LoaderTest, EndsAfterTheLastStep) {
  Loader loader(setup(0, 1, 2));
  for (int64_t step = 0; step < kSteps; ++step) loader.next();
  EXPECT_EQ(loader.state().next_step, kSteps);
  EXPECT_THAT(failure([&] { loader.next(); }), HasSubstr("after the last step, 23"));
}

}  // namespace
}  // namespace rexbert::batch
