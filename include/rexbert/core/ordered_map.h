#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "rexbert/core/bounded_queue.h"

namespace rexbert {

// Work on a stream of items by many threads, with the results in the order of the items:
//
//   next()            -> std::optional<Item>, nothing at the end; called by one thread
//   make_work()       -> a callable (Item&&) -> Result; each of `threads` threads makes its own
//   consume(Result&&) called by the calling thread, in the order of the items
//
// At most 2 x threads items and as many results are in memory. With threads <= 0 the calling thread
// does everything. The first exception, in the order of the items, ends the work and is rethrown
// here.
template <class Item, class Result>
void ordered_map(int threads, std::function<std::optional<Item>()> next,
                 std::function<std::function<Result(Item&&)>()> make_work,
                 std::function<void(Result&&)> consume) {
  if (threads <= 0) {
    const auto work = make_work();
    while (auto item = next()) consume(work(std::move(*item)));
    return;
  }
  struct Ticket {
    std::optional<Item> item;
    std::promise<Result> promise;
    std::future<Result> result = promise.get_future();
  };
  using Queue = BoundedQueue<std::shared_ptr<Ticket>>;
  const auto capacity = 2 * static_cast<size_t>(threads);
  Queue in_order(capacity);
  Queue to_do(capacity);
  std::atomic<bool> stop = false;
  const auto read = [&] {
    while (true) {
      auto ticket = std::make_shared<Ticket>();
      try {
        ticket->item = next();
      } catch (...) {
        ticket->promise.set_exception(std::current_exception());
        in_order.push(std::move(ticket));
        break;
      }
      if (!ticket->item || !in_order.push(ticket) || !to_do.push(std::move(ticket))) break;
    }
    in_order.close();
    to_do.close();
  };
  const auto run = [&] {
    std::function<Result(Item&&)> work;
    while (auto ticket = to_do.pop()) {
      if (stop) return;
      try {
        if (!work) work = make_work();
        (*ticket)->promise.set_value(work(std::move(*(*ticket)->item)));
        (*ticket)->item.reset();
      } catch (...) {
        (*ticket)->promise.set_exception(std::current_exception());
      }
    }
  };
  std::vector<std::jthread> crew;
  // Joins before the queues go, however this ends.
  struct Closer {
    std::function<void()> close;
    ~Closer() { close(); }
  } closer{[&] {
    stop = true;
    in_order.close();
    to_do.close();
    crew.clear();
  }};
  crew.emplace_back(read);
  for (int i = 0; i < threads; ++i) crew.emplace_back(run);
  while (auto ticket = in_order.pop()) consume((*ticket)->result.get());
}

}  // namespace rexbert
