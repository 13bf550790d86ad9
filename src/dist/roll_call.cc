#include "dist/roll_call.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
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
// How often each rank looks for trouble: a request to the store.
constexpr milliseconds kWatch{1'000};
constexpr const char* kTrouble = "trouble";
// Words of ranks that are there: waiting for the others, or not, with the step.
constexpr const char* kWaiting = "waiting";
constexpr const char* kBusy = "busy ";

std::string word_key(int rank) { return str_cat("word/", rank); }
std::string heard_key(int rank) { return str_cat("heard/", rank); }

bool is_alive(const std::string& word) { return word == kWaiting || word.starts_with(kBusy); }

// Rank 0 may hold the store, which ends with it: the others are to hear of each other first.
void wait_for_listeners(c10d::Store& store, const std::map<int, std::string>& words) {
  std::vector<std::string> keys;
  for (const auto& [rank, word] : words) {
    if (is_alive(word)) keys.push_back(heard_key(rank));
  }
  const auto deadline = Clock::now() + kPatience;
  while (Clock::now() < deadline && !store.check(keys)) std::this_thread::sleep_for(kPoll);
}

// Answers for this rank and listens for the others.
std::string answer(c10d::Store& store, int rank, int world_size, const Activity& activity) {
  if (!store.check({word_key(rank)})) {  // a rank that has left has had its say
    store.set(word_key(rank),
              activity.in_collective ? kWaiting : str_cat(kBusy, activity.step.load()));
  }
  const auto deadline = Clock::now() + kPatience;
  std::map<int, std::string> words;
  while (true) {
    for (int other = 0; other < world_size; ++other) {
      if (!words.contains(other) && store.check({word_key(other)})) {
        words[other] = store.get_to_str(word_key(other));
      }
    }
    if (static_cast<int>(words.size()) == world_size || Clock::now() >= deadline) break;
    std::this_thread::sleep_for(kPoll);
  }
  store.set(heard_key(rank), "");
  if (rank == 0) wait_for_listeners(store, words);
  std::vector<std::string> gone, busy;
  for (int other = 0; other < world_size; ++other) {
    const auto word = words.find(other);
    if (word == words.end()) {
      gone.push_back(str_cat("rank ", other, " does not answer"));
    } else if (!is_alive(word->second)) {
      gone.push_back(str_cat("rank ", other, " stopped: ", word->second));
    } else if (word->second != kWaiting) {
      busy.push_back(str_cat("rank ", other, " is in no collective, but at step ",
                             word->second.substr(std::string_view(kBusy).size())));
    }
  }
  // Where ranks are gone, who computes meanwhile is not to blame.
  return str_join(gone.empty() ? busy : gone, "; ");
}

// Calls `body` in a thread that shares nothing with the caller, and gives it `limit` at most.
void within(milliseconds limit, std::function<void()> body) {
  struct Done {
    std::mutex mutex;
    std::condition_variable changed;
    bool is_done = false;
  };
  const auto done = std::make_shared<Done>();
  std::thread([done, body = std::move(body)] {
    try {
      body();
    } catch (const std::exception&) {
      // The store is gone: the watching thread says so.
    }
    const std::scoped_lock lock(done->mutex);
    done->is_done = true;
    done->changed.notify_all();
  }).detach();
  std::unique_lock lock(done->mutex);
  done->changed.wait_for(lock, limit, [&] { return done->is_done; });
}

}  // namespace

struct RollCall::Watch {
  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;
  bool over = false;                    // the thread has ended
  std::optional<std::string> findings;  // of the roll; empty where the store failed

  void run(c10d::Store& store, int rank, int world_size, const Activity& activity) {
    std::optional<std::string> found;
    try {
      while (!wait_for_stop() && !store.check({kTrouble})) {
      }
      if (!stops()) found = answer(store, rank, world_size, activity);
    } catch (const std::exception&) {
      // The store is gone, and the findings stay empty.
    }
    const std::scoped_lock lock(mutex);
    findings = std::move(found);
    over = true;
    changed.notify_all();
  }

  bool stops() {
    const std::scoped_lock lock(mutex);
    return stop;
  }
  bool wait_for_stop() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, kWatch, [&] { return stop; });
  }
};

RollCall::RollCall(const StorePtr& store, int rank, int world_size, bool held_by_rank_0,
                   std::shared_ptr<const Activity> activity)
    : store_(store),
      rank_(rank),
      held_by_rank_0_(held_by_rank_0),
      watch_(std::make_shared<Watch>()) {
  // A connection of its own: one that waits must not hold the others up.
  std::thread([watch = watch_, own = store->clone(), rank, world_size, activity] {
    watch->run(*own, rank, world_size, *activity);
  }).detach();
}

RollCall::~RollCall() {
  std::unique_lock lock(watch_->mutex);
  watch_->stop = true;
  watch_->changed.notify_all();
  watch_->changed.wait_for(lock, kWatch, [&] { return watch_->over; });
}

void RollCall::leave(const std::string& why) const {
  within(kPatience, [store = store_, rank = rank_, why] {
    store->set(word_key(rank), why);
    store->set(kTrouble, "");
  });
}

std::string RollCall::call() const {
  within(kWatch, [store = store_] { store->set(kTrouble, ""); });
  std::unique_lock lock(watch_->mutex);
  // Rank 0 listens for as long again before its store ends.
  watch_->changed.wait_for(lock, (rank_ == 0 ? 2 : 1) * kPatience + 2 * kWatch,
                           [&] { return watch_->over; });
  if (watch_->findings) return *watch_->findings;
  return held_by_rank_0_ ? "rank 0, which holds the store at which the ranks met, does not answer"
                         : "the store at which the ranks met does not answer either";
}

}  // namespace rexbert::dist
