#include "dist/roll_call.h"

#include <chrono>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "rexbert/core/strings.h"

namespace rexbert::dist {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kPatience{5'000};
constexpr milliseconds kPoll{100};
constexpr const char* kAlive = "alive";

std::string key_of(int rank) { return str_cat("end/", rank); }
std::string heard_key(int rank) { return str_cat("heard/", rank); }

// What `body` returns; nothing when it throws or takes longer than `limit`: then it is left alone,
// in a thread that shares nothing with the caller.
std::optional<std::string> within(milliseconds limit, std::function<std::string()> body) {
  auto result = std::make_shared<std::promise<std::string>>();
  std::future<std::string> future = result->get_future();
  std::thread([result, body = std::move(body)] {
    try {
      result->set_value(body());
    } catch (...) {
      result->set_exception(std::current_exception());
    }
  }).detach();
  if (future.wait_for(limit) != std::future_status::ready) return std::nullopt;
  try {
    return future.get();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Rank 0 may hold the store, which ends with it: the others are to hear of each other first.
void wait_for_listeners(c10d::Store& store, const std::map<int, std::string>& words) {
  std::vector<std::string> keys;
  for (const auto& [rank, word] : words) {
    if (word == kAlive) keys.push_back(heard_key(rank));
  }
  const auto deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline && !store.check(keys)) std::this_thread::sleep_for(kPoll);
}

std::string ask_store(c10d::Store& store, int rank, int world_size) {
  store.set(key_of(rank), kAlive);
  const auto deadline = Clock::now() + kPatience;
  std::map<int, std::string> words;
  words[rank] = kAlive;
  while (true) {
    int silent = -1;
    for (int other = 0; other < world_size; ++other) {
      if (words.contains(other)) continue;
      if (store.check({key_of(other)})) {
        words[other] = store.get_to_str(key_of(other));
      } else if (silent < 0) {
        silent = other;
      }
    }
    if (silent < 0 || Clock::now() >= deadline) break;
    std::this_thread::sleep_for(kPoll);
  }
  store.set(heard_key(rank), "");
  if (rank == 0) wait_for_listeners(store, words);
  std::vector<std::string> findings;
  for (int other = 0; other < world_size; ++other) {
    const auto word = words.find(other);
    if (word == words.end()) {
      findings.push_back(str_cat("rank ", other, " does not answer"));
    } else if (word->second != kAlive) {
      findings.push_back(str_cat("rank ", other, " stopped: ", word->second));
    }
  }
  return str_join(findings, "; ");
}

}  // namespace

void RollCall::leave(const std::string& why) const {
  within(kPatience, [store = store_, rank = rank_, why] {
    store->clone()->set(key_of(rank), why);
    return std::string();
  });
}

std::string RollCall::ask() const {
  const auto findings = within(2 * kPatience + milliseconds(2'000),
                               [store = store_, rank = rank_, world = world_size_] {
                                 return ask_store(*store->clone(), rank, world);
                               });
  return findings.value_or("the store at which the ranks met does not answer either");
}

}  // namespace rexbert::dist
