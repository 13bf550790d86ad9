#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::dist {

// Where this process stands among those that a launcher started, and where they meet.
struct Launch {
  int rank = 0;        // 0 to world_size - 1
  int world_size = 1;  // processes
  int local_rank = 0;  // 0 to local_world_size - 1, among the processes on this machine
  int local_world_size = 1;
  // Host and port of the store at which the processes meet; empty and 0 for one process.
  std::string address;
  int port = 0;
  // The launcher holds the store (torchrun's agent does): rank 0 must not open another there.
  bool store_is_hosted = false;
  // Differs from one start of the same job to the next, so that no start reads an earlier one's
  // keys from a store that outlives it.
  std::string attempt = "0";
  std::string launcher = "none";  // "torchrun", "Open MPI", "Slurm", "environment", "flags", "none"

  bool operator==(const Launch&) const = default;
};

// What the command line says; it must not contradict the launcher.
struct LaunchFlags {
  std::optional<int> rank, world_size, local_rank;
  std::string rendezvous;  // "host:port"
};

// The value of an environment variable, nothing where it is not set.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_environment(const std::string& name);

// Reads, the innermost launcher first: torchrun (TORCHELASTIC_RUN_ID, RANK, ...), Open MPI
// (OMPI_COMM_WORLD_RANK, ...), a Slurm step (SLURM_PROCID, SLURM_STEP_NUM_TASKS, ...), then RANK
// and WORLD_SIZE set by hand, then flags; one process where there is none of these. MASTER_ADDR and
// MASTER_PORT, or flags.rendezvous, say where to meet; without them a Slurm job meets on the first
// host of its step at a port that follows from its number, and processes of one machine on
// 127.0.0.1. Throws Error(kUsage) naming the variable for a value that is missing, no number or out
// of range, for two sources that say different things, and where several machines have no place to
// meet.
Launch discover_launch(const LaunchFlags& flags,
                       const EnvironmentLookup& environment = process_environment);

// How many threads this process should have: the cores that it is bound to, else its share of the
// machine's, at least one.
int threads_of(const Launch& launch);

// The hosts of a Slurm host list in its order: "gpu[08-10,12],login" gives gpu08, gpu09, gpu10,
// gpu12 and login. Throws Error(kUsage) for a list that is not one.
std::vector<std::string> expand_host_list(std::string_view list);

}  // namespace rexbert::dist
