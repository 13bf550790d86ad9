#include "dist/rendezvous.h"

#include <random>
#include <string>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::dist {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPoll{50};
// What a rank waits longer than rank 0 does, whose word on who is missing it wants to hear.
constexpr milliseconds kGrace{10'000};

std::string random_token() {
  std::random_device device;
  return str_printf("%08x%08x%08x%08x", device(), device(), device(), device());
}

std::string place_of(const Launch& launch) { return str_cat(launch.address, ":", launch.port); }

std::string seconds(milliseconds time) {
  return str_printf("%.0f s", std::chrono::duration<double>(time).count());
}

// False when the keys did not come in time.
bool wait_for(c10d::Store& store, const std::string& key, milliseconds timeout) {
  try {
    store.wait({key}, timeout);
    return true;
  } catch (const c10::DistStoreError&) {
    return false;
  }
}

// What rank 0 does: greets whoever comes, and says at the end who did not.
class Host {
 public:
  Host(c10d::Store& store, int world_size) : store_(store), came_(world_size, false) {
    came_[0] = true;
  }

  std::string gather(milliseconds timeout) {
    const auto deadline = Clock::now() + timeout;
    std::vector<int> missing = missing_ranks();
    while (!missing.empty() && Clock::now() < deadline) {
      for (const int rank : missing) greet(rank);
      std::this_thread::sleep_for(kPoll);
      for (const int rank : missing) came_[rank] = store_.check({joined_key(session_, rank)});
      missing = missing_ranks();
    }
    store_.set(ready_key(session_), str_join(to_strings(missing), ", "));
    return session_;
  }

  static std::string hello_key(int rank) { return str_cat("hello/", rank); }
  static std::string welcome_key(int rank, const std::string& token) {
    return str_cat("welcome/", rank, "/", token);
  }
  static std::string joined_key(const std::string& session, int rank) {
    return str_cat("joined/", session, "/", rank);
  }
  static std::string ready_key(const std::string& session) { return "ready/" + session; }

 private:
  // A token may be of an earlier start: its answer then is read by nobody.
  void greet(int rank) {
    if (!store_.check({hello_key(rank)})) return;
    store_.set(welcome_key(rank, store_.get_to_str(hello_key(rank))), session_);
  }

  std::vector<int> missing_ranks() const {
    std::vector<int> ranks;
    for (size_t rank = 0; rank < came_.size(); ++rank) {
      if (!came_[rank]) ranks.push_back(static_cast<int>(rank));
    }
    return ranks;
  }

  static std::vector<std::string> to_strings(const std::vector<int>& ranks) {
    std::vector<std::string> texts;
    for (const int rank : ranks) texts.push_back(std::to_string(rank));
    return texts;
  }

  c10d::Store& store_;
  std::string session_ = random_token();
  std::vector<bool> came_;
};

// What the other ranks do: the start's name.
std::string join(c10d::Store& store, const Launch& launch, milliseconds timeout) {
  const std::string token = random_token();
  store.set(Host::hello_key(launch.rank), token);
  const std::string welcome = Host::welcome_key(launch.rank, token);
  if (!wait_for(store, welcome, timeout)) {
    throw Error(ErrorCode::kPeer, str_cat("rank ", launch.rank, " of ", launch.world_size,
                                          ": waited ", seconds(timeout), " at ", place_of(launch),
                                          " for rank 0, which did not come"));
  }
  const std::string session = store.get_to_str(welcome);
  store.set(Host::joined_key(session, launch.rank), "");
  return session;
}

StorePtr open_store(const Launch& launch, milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(launch.port);
  options.isServer = launch.rank == 0 && !launch.store_is_hosted;
  options.waitWorkers = false;
  options.timeout = timeout;
  try {
    return c10::make_intrusive<c10d::TCPStore>(launch.address, options);
  } catch (const std::exception& failure) {
    const std::string why = failure.what();
    throw Error(
        ErrorCode::kPeer,
        str_cat("rank ", launch.rank, " of ", launch.world_size, ": cannot ",
                options.isServer ? "open the store at " : "reach the store at ", place_of(launch),
                ", where the processes meet: ", why.substr(0, why.find('\n'))));
  }
}

}  // namespace

StorePtr meet(const Launch& launch, milliseconds timeout) {
  const auto start = c10::make_intrusive<c10d::PrefixStore>(str_cat("rexbert/", launch.attempt),
                                                            open_store(launch, timeout));
  const std::string session = launch.rank == 0 ? Host(*start, launch.world_size).gather(timeout)
                                               : join(*start, launch, timeout);
  const std::string ready = Host::ready_key(session);
  if (!wait_for(*start, ready, timeout + kGrace)) {
    throw Error(ErrorCode::kPeer, str_cat("rank ", launch.rank, " of ", launch.world_size,
                                          ": rank 0 went away before all processes had come"));
  }
  const std::string missing = start->get_to_str(ready);
  if (!missing.empty()) {
    throw Error(ErrorCode::kPeer, str_cat("rank ", launch.rank, " of ", launch.world_size,
                                          ": waited ", seconds(timeout), " at ", place_of(launch),
                                          " for all processes; missing: ", "rank ", missing));
  }
  return c10::make_intrusive<c10d::PrefixStore>(session, start);
}

}  // namespace rexbert::dist
