#include "rexbert/dist/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/errors.h"

namespace rexbert::dist {
namespace {

using test::error_of;
using testing::ElementsAre;
using Variables = std::map<std::string, std::string>;

Launch discover(const Variables& variables, const LaunchFlags& flags = {}) {
  return discover_launch(flags, [&](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

Variables torchrun() {
  return {{"TORCHELASTIC_RUN_ID", "none"},
          {"RANK", "5"},
          {"WORLD_SIZE", "8"},
          {"LOCAL_RANK", "1"},
          {"LOCAL_WORLD_SIZE", "4"},
          {"MASTER_ADDR", "node0"},
          {"MASTER_PORT", "29400"},
          {"TORCHELASTIC_USE_AGENT_STORE", "True"},
          {"TORCHELASTIC_RESTART_COUNT", "3"}};
}

Variables slurm() {
  return {{"SLURM_JOB_ID", "31234"},
          {"SLURM_PROCID", "4"},
          {"SLURM_STEP_NUM_TASKS", "5"},
          {"SLURM_LOCALID", "0"},
          {"SLURM_NODEID", "2"},
          {"SLURM_STEP_TASKS_PER_NODE", "2(x2),1"},
          {"SLURM_STEP_NODELIST", "gpu[07-09]"},
          {"SLURM_RESTART_COUNT", "1"}};
}

Variables with(Variables variables, const Variables& more) {
  for (const auto& [name, value] : more) variables[name] = value;
  return variables;
}

TEST(Launch, AloneWithoutALauncher) { EXPECT_EQ(discover({}), Launch()); }

TEST(Launch, TorchrunHoldsTheStore) {
  EXPECT_EQ(discover(torchrun()), (Launch{.rank = 5,
                                          .world_size = 8,
                                          .local_rank = 1,
                                          .local_world_size = 4,
                                          .address = "node0",
                                          .port = 29400,
                                          .store_is_hosted = true,
                                          .attempt = "3",
                                          .launcher = "torchrun"}));
}

TEST(Launch, SlurmMeetsOnTheStepsFirstHost) {
  EXPECT_EQ(discover(slurm()), (Launch{.rank = 4,
                                       .world_size = 5,
                                       .local_rank = 0,
                                       .local_world_size = 1,  // the third node has one task
                                       .address = "gpu07",
                                       .port = 10000 + 31234 - 20000,
                                       .store_is_hosted = false,
                                       .attempt = "1",
                                       .launcher = "Slurm"}));
  EXPECT_EQ(discover(with(slurm(), {{"MASTER_ADDR", "ib7"}, {"MASTER_PORT", "1234"}})).address,
            "ib7");
}

TEST(Launch, ABatchScriptIsNoStep) {
  EXPECT_EQ(
      discover({{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "16"}, {"SLURM_JOB_ID", "7"}}).world_size,
      1);
}

TEST(Launch, OpenMpiOnOneMachineNeedsAPortOnly) {
  const Variables open_mpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                              {"OMPI_COMM_WORLD_SIZE", "2"},
                              {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                              {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};
  const Launch launch = discover(with(open_mpi, {{"MASTER_PORT", "4000"}}));
  EXPECT_EQ(launch.launcher, "Open MPI");
  EXPECT_EQ(launch.rank, 1);
  EXPECT_EQ(launch.address, "127.0.0.1");
  EXPECT_EQ(error_of([&] { discover(open_mpi); }),
            "usage error: MASTER_ADDR and MASTER_PORT: expected host and port at which the 2 "
            "processes meet (or --rendezvous host:port), got no port");
  EXPECT_EQ(error_of([&] {
              discover(with(open_mpi, {{"OMPI_COMM_WORLD_LOCAL_SIZE", "1"},
                                       {"OMPI_COMM_WORLD_LOCAL_RANK", "0"},
                                       {"MASTER_PORT", "4000"}}));
            }),
            "usage error: MASTER_ADDR and MASTER_PORT: expected host and port at which the 2 "
            "processes meet (or --rendezvous host:port), got no host");
}

TEST(Launch, TheInnermostLauncherCounts) {
  const Launch launch = discover(with(slurm(), torchrun()));
  EXPECT_EQ(launch.launcher, "torchrun");
  EXPECT_EQ(launch.world_size, 8);
}

TEST(Launch, FlagsAndVariablesByHand) {
  LaunchFlags flags;
  flags.rank = 2;
  flags.world_size = 3;
  flags.rendezvous = "[::1]:5000";
  Launch launch = discover({}, flags);
  EXPECT_EQ(launch.launcher, "flags");
  EXPECT_EQ(launch.local_rank, 2);
  EXPECT_EQ(launch.address, "[::1]");
  EXPECT_EQ(launch.port, 5000);
  launch = discover({{"RANK", "1"}, {"WORLD_SIZE", "2"}, {"MASTER_PORT", "5000"}});
  EXPECT_EQ(launch.launcher, "environment");
  EXPECT_EQ(launch.address, "127.0.0.1");
}

TEST(Launch, FlagsMayHaveTheMachineFromTheEnvironment) {
  LaunchFlags flags;
  flags.rank = 3;
  flags.world_size = 4;
  flags.rendezvous = "node0:5000";
  const Launch launch = discover({{"LOCAL_RANK", "1"}, {"LOCAL_WORLD_SIZE", "2"}}, flags);
  EXPECT_EQ(launch.launcher, "flags");
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_world_size, 2);
}

TEST(Launch, ContradictionsAreNamed) {
  EXPECT_EQ(error_of([] { discover(with(slurm(), {{"RANK", "3"}})); }),
            "usage error: RANK: expected 4 as Slurm says, got 3");
  LaunchFlags flags;
  flags.world_size = 6;
  EXPECT_EQ(error_of([&] { discover(torchrun(), flags); }),
            "usage error: --world-size: expected 8 as torchrun says, got 6");
}

TEST(Launch, BadValuesAreNamed) {
  EXPECT_EQ(error_of([] { discover(with(torchrun(), {{"RANK", "x"}})); }),
            "usage error: RANK: expected a whole number from 0 to 1048576, got \"x\"");
  EXPECT_EQ(error_of([] { discover(with(torchrun(), {{"RANK", "8"}})); }),
            "usage error: rank: expected 0 to 7, as torchrun says that there are 8, got 8");
  EXPECT_EQ(error_of([] { discover(with(torchrun(), {{"LOCAL_RANK", ""}})); }),
            "usage error: LOCAL_RANK: missing; torchrun sets it");
  EXPECT_EQ(error_of([] { discover({{"WORLD_SIZE", "2"}}); }),
            "usage error: RANK and WORLD_SIZE: expected both, got one of them");
  LaunchFlags flags;
  flags.rank = 0;
  flags.world_size = 2;
  flags.rendezvous = "host";
  EXPECT_EQ(error_of([&] { discover({}, flags); }),
            "usage error: --rendezvous: expected host:port, got \"host\"");
}

TEST(HostList, ExpandsRangesWithTheirZeros) {
  EXPECT_THAT(expand_host_list("gpu[08-10,12],login"),
              ElementsAre("gpu08", "gpu09", "gpu10", "gpu12", "login"));
  EXPECT_THAT(expand_host_list("a[1-2]-ib,b"), ElementsAre("a1-ib", "a2-ib", "b"));
  EXPECT_THAT(expand_host_list("one"), ElementsAre("one"));
}

TEST(HostList, RefusesWhatIsNone) {
  for (const char* list : {"", ",", "a[1", "a[2-1]", "a[x]", "a[1]b[2]"}) {
    EXPECT_THAT(error_of([&] { expand_host_list(list); }),
                testing::StartsWith("usage error: host list"))
        << list;
  }
}

}  // namespace
}  // namespace rexbert::dist
