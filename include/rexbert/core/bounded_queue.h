#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace rexbert {

// A first-in first-out queue between threads that holds at most `capacity` items, and more of them
// only while their weights add up to no more than `light`: push() waits while it is full, pop()
// while it is empty. After close(), push() returns false at once and pop() hands out what is left
// and then nothing.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t capacity, int64_t light = -1) : capacity_(capacity), light_(light) {}

  bool push(T item, int64_t weight = 0) {
    std::unique_lock lock(mutex_);
    not_full_.wait(
        lock, [&] { return closed_ || items_.size() < capacity_ || weight_ + weight <= light_; });
    if (closed_) return false;
    items_.push_back({std::move(item), weight});
    weight_ += weight;
    not_empty_.notify_one();
    return true;
  }

  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    not_empty_.wait(lock, [this] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front().item));
    weight_ -= items_.front().weight;
    items_.pop_front();
    not_full_.notify_one();
    return item;
  }

  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    not_full_.notify_all();
    not_empty_.notify_all();
  }

 private:
  struct Weighed {
    T item;
    int64_t weight;
  };

  const size_t capacity_;
  const int64_t light_;
  int64_t weight_ = 0;  // of all items
  std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable not_empty_;
  std::deque<Weighed> items_;
  bool closed_ = false;
};

}  // namespace rexbert
