#include "rexbert/core/bounded_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace rexbert {
namespace {

TEST(BoundedQueue, KeepsTheOrderAndTheBound) {
  constexpr int kItems = 10'000;
  constexpr int kCapacity = 3;
  BoundedQueue<std::unique_ptr<int>> queue(kCapacity);
  std::atomic<int> asked{0};
  std::atomic<int> most_inside{0};
  std::thread producer([&] {
    for (int i = 0; i < kItems; ++i) {
      ASSERT_TRUE(queue.push(std::make_unique<int>(i)));
      // The consumer says that it asks before it does, so this is at least what lies inside.
      most_inside = std::max(most_inside.load(), i + 1 - asked.load());
    }
    queue.close();
  });
  for (int i = 0; i < kItems; ++i) {
    ++asked;
    const auto item = queue.pop();
    ASSERT_TRUE(item.has_value());
    EXPECT_EQ(**item, i);
  }
  EXPECT_FALSE(queue.pop().has_value());
  producer.join();
  EXPECT_LE(most_inside.load(), kCapacity);
}

TEST(BoundedQueue, TakesMoreOfWhatIsLight) {
  BoundedQueue<int> queue(1, 10);
  EXPECT_TRUE(queue.push(0, 4));
  EXPECT_TRUE(queue.push(1, 3));
  EXPECT_TRUE(queue.push(2, 3));
  std::atomic<int> pushed = 2;
  std::thread producer([&] {
    for (int i = 3; i < 6; ++i) {
      queue.push(i, i == 3 ? 20 : 1);
      pushed = i;
    }
  });
  // The heavy one waits until nothing else is there, and what follows until it is gone.
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(pushed, 2);
    EXPECT_EQ(queue.pop(), i);
  }
  EXPECT_EQ(queue.pop(), 3);
  EXPECT_EQ(queue.pop(), 4);
  EXPECT_EQ(queue.pop(), 5);
  producer.join();
}

TEST(BoundedQueue, ManyThreadsLoseAndDoubleNothing) {
  BoundedQueue<int> queue(5);
  constexpr int kThreads = 4;
  constexpr int kEach = 2'000;
  std::atomic<int64_t> sum{0};
  std::atomic<int> count{0};
  std::vector<std::thread> producers;
  std::vector<std::thread> consumers;
  for (int t = 0; t < kThreads; ++t) {
    producers.emplace_back([&queue, t] {
      for (int i = 0; i < kEach; ++i) queue.push(t * kEach + i);
    });
    consumers.emplace_back([&] {
      while (const auto item = queue.pop()) {
        sum += *item;
        ++count;
      }
    });
  }
  for (std::thread& thread : producers) thread.join();
  queue.close();
  for (std::thread& thread : consumers) thread.join();
  constexpr int64_t kTotal = kThreads * kEach;
  EXPECT_EQ(count.load(), kTotal);
  EXPECT_EQ(sum.load(), kTotal * (kTotal - 1) / 2);
}

TEST(BoundedQueue, CloseHandsOutTheRestAndRefusesMore) {
  BoundedQueue<int> queue(2);
  EXPECT_TRUE(queue.push(1));
  EXPECT_TRUE(queue.push(2));
  queue.close();
  EXPECT_FALSE(queue.push(3));
  EXPECT_EQ(queue.pop(), 1);
  EXPECT_EQ(queue.pop(), 2);
  EXPECT_EQ(queue.pop(), std::nullopt);
}

TEST(BoundedQueue, CloseWakesThoseWhoWait) {
  BoundedQueue<int> full(1);
  full.push(1);
  BoundedQueue<int> empty(1);
  bool pushed = true;
  std::optional<int> popped = 1;
  std::thread pusher([&] { pushed = full.push(2); });
  std::thread popper([&] { popped = empty.pop(); });
  full.close();
  empty.close();
  pusher.join();
  popper.join();
  EXPECT_FALSE(pushed);
  EXPECT_EQ(popped, std::nullopt);
}

}  // namespace
}  // namespace rexbert
