#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "dist/ports.h"
#include "rexbert/dist/process_group.h"

namespace rexbert::test {

inline dist::Launch launch_of(int rank, int world_size, int port) {
  return {.rank = rank,
          .world_size = world_size,
          .local_rank = rank,
          .local_world_size = world_size,
          .address = "127.0.0.1",
          .port = port};
}

// Runs `body` once for each rank of `world_size`, each in a thread of its own with a real group
// over Gloo, and returns what each threw ("" for nothing), by rank.
inline std::vector<std::string> run_ranks(int world_size, const dist::GroupOptions& options,
                                          const std::function<void(dist::ProcessGroup&)>& body) {
  const int port = free_port();
  std::vector<std::string> errors(static_cast<size_t>(world_size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < world_size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        const auto group = dist::connect(launch_of(rank, world_size, port), options);
        body(*group);
      } catch (const std::exception& error) {
        errors[static_cast<size_t>(rank)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return errors;
}

}  // namespace rexbert::test
