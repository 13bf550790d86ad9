#include "rexbert/dist/process_group.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "dist/ranks.h"
#include "rexbert/core/strings.h"
#include "support/errors.h"

namespace rexbert::dist {
namespace {

using test::launch_of;
using test::run_ranks;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ProcessGroup, AllRanksSeeTheSame) {
  for (const int world : {1, 2, 4}) {
    const auto errors = run_ranks(world, {}, [&](ProcessGroup& group) {
      const int rank = group.rank();
      ASSERT_EQ(group.world_size(), world);
      EXPECT_EQ(group.all_reduce_sum(std::vector<double>{1.0, static_cast<double>(rank)}),
                (std::vector<double>{static_cast<double>(world), world * (world - 1) / 2.0}));

      // Texts of different lengths, an empty one among them.
      const auto texts = group.all_gather(std::string(static_cast<size_t>(rank), 'x'));
      ASSERT_EQ(texts.size(), static_cast<size_t>(world));
      for (int other = 0; other < world; ++other) {
        EXPECT_EQ(texts[static_cast<size_t>(other)], std::string(static_cast<size_t>(other), 'x'));
      }
      EXPECT_EQ(group.broadcast(str_cat("of rank ", rank)), "of rank 0");
      EXPECT_EQ(group.broadcast(rank == 0 ? "" : "not empty"), "");

      const at::Tensor tensor = at::full({3, 2}, rank + 1.0);
      group.broadcast(std::vector<at::Tensor>{tensor});
      EXPECT_TRUE(tensor.equal(at::ones({3, 2}))) << tensor;
      group.all_reduce_sum(tensor);
      EXPECT_TRUE(tensor.equal(at::full({3, 2}, 1.0 * world))) << tensor;
      group.barrier();
    });
    EXPECT_THAT(errors, Each(""));
  }
}

// A store that a launcher holds, as torchrun does.
c10::intrusive_ptr<c10d::TCPStore> hosted_store(int port) {
  c10d::TCPStoreOptions server;
  server.port = static_cast<uint16_t>(port);
  server.isServer = true;
  server.waitWorkers = false;
  return c10::make_intrusive<c10d::TCPStore>("127.0.0.1", server);
}

TEST(ProcessGroup, RanksThatDoNotComeAreNamed) {
  const int port = test::free_port();
  const auto store = hosted_store(port);
  const auto come = [&](int rank) {
    return std::async(std::launch::async, [&, rank] {
      Launch launch = launch_of(rank, 4, port);
      launch.store_is_hosted = true;
      return test::error_of([&] { connect(launch, {.timeout = std::chrono::seconds(3)}); });
    });
  };
  auto first = come(0);
  auto third = come(2);
  const std::string missing =
      str_cat("waited 3 s at 127.0.0.1:", port, " for all processes; missing: rank 1, 3");
  EXPECT_EQ(first.get(), "lost process: rank 0 of 4: " + missing);
  EXPECT_EQ(third.get(), "lost process: rank 2 of 4: " + missing);
}

TEST(ProcessGroup, AStoreThatIsNotThereIsNamed) {
  const int port = test::free_port();
  EXPECT_THAT(
      test::error_of(
          [&] { connect(launch_of(1, 2, port), {.timeout = std::chrono::milliseconds(300)}); }),
      HasSubstr(str_cat("lost process: rank 1 of 2: cannot reach the store at 127.0.0.1:", port)));
}

// torchrun keeps its store over restarts, with all keys of the start before.
TEST(ProcessGroup, ARestartAtAStoreWithOldKeysMeetsItsOwnRanks) {
  const int port = test::free_port();
  const auto store = hosted_store(port);
  for (int start = 0; start < 3; ++start) {
    std::vector<std::future<std::string>> ranks;
    for (int rank = 0; rank < 3; ++rank) {
      ranks.push_back(std::async(std::launch::async, [&, rank] {
        Launch launch = launch_of(rank, 3, port);
        launch.store_is_hosted = true;
        const auto group = connect(launch, {.timeout = std::chrono::seconds(20)});
        return group->broadcast(str_cat("start ", start, " of rank ", rank));
      }));
    }
    for (auto& rank : ranks) EXPECT_EQ(rank.get(), str_cat("start ", start, " of rank 0"));
  }
}

TEST(ProcessGroup, ARankThatIsGoneIsNamedByTheOthers) {
  const auto errors = run_ranks(3, {}, [](ProcessGroup& group) {
    group.set_step(12);
    group.barrier();
    if (group.rank() == 2) return;  // and its connections close
    group.all_reduce_sum(at::ones({1000}));
  });
  for (const int rank : {0, 1}) {
    EXPECT_THAT(
        errors[static_cast<size_t>(rank)],
        AllOf(HasSubstr(str_cat("rank ", rank, " of 3, step 12: the sum of a tensor failed")),
              HasSubstr(": rank 2 does not answer (")));
  }
  EXPECT_EQ(errors[2], "");
}

TEST(ProcessGroup, ARankThatStopsTellsTheOthersWhy) {
  const auto errors = run_ranks(3, {}, [](ProcessGroup& group) {
    group.barrier();
    if (group.rank() == 1) {
      group.leave("shard.00003.mds: the disk is broken");
      return;
    }
    group.all_gather("text");
  });
  for (const int rank : {0, 2}) {
    EXPECT_THAT(errors[static_cast<size_t>(rank)],
                AllOf(HasSubstr("the exchange of texts failed"),
                      HasSubstr(": rank 1 stopped: shard.00003.mds: the disk is broken (")));
  }
}

TEST(ProcessGroup, ASilentRankEndsTheOthersAtTheTimeout) {
  std::promise<void> over;
  std::shared_future<void> until_over = over.get_future().share();
  std::atomic<int> waiting = 2;
  const auto errors =
      run_ranks(3, {.timeout = std::chrono::milliseconds(1500)}, [&](ProcessGroup& group) {
        group.barrier();
        if (group.rank() == 0) {
          group.set_step(7);
          until_over.wait();
          return;
        }
        const std::string error = test::error_of([&] { group.barrier(); });
        EXPECT_THAT(error, HasSubstr(": rank 0 is in no collective, but at step 7 ("));
        if (--waiting == 0) over.set_value();
      });
  EXPECT_THAT(errors, Each(""));
}

TEST(ProcessGroup, NcclIsRefusedWhereTheBuildHasNone) {
  if (REXBERT_CUDA) GTEST_SKIP() << "this build has NCCL";
  EXPECT_THAT(test::error_of([] { connect(launch_of(0, 1, 0), {.backend = Backend::kNccl}); }),
              HasSubstr("this build is without CUDA and NCCL"));
}

// The group's own path with nobody to talk to: what one rank sums is what it had.
TEST(ProcessGroup, AGroupOfOneOnDemand) {
  const auto group = connect(launch_of(0, 1, 0), {.backend = Backend::kGloo});
  EXPECT_EQ(group->all_reduce_sum(std::vector<double>{2.5}), (std::vector<double>{2.5}));
  EXPECT_EQ(group->all_gather("own"), (std::vector<std::string>{"own"}));
}

}  // namespace
}  // namespace rexbert::dist
