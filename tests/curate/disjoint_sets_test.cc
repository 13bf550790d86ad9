#include "curate/disjoint_sets.h"

#include <gtest/gtest.h>

#include <numeric>
#include <thread>

#include "rexbert/core/philox.h"

namespace rexbert::curate {
namespace {

// An order unlike that of the numbers.
bool is_better(uint32_t a, uint32_t b) {
  return std::pair(a * 2654435761u, a) > std::pair(b * 2654435761u, b);
}

TEST(DisjointSets, HaveTheirBestMemberAsRootWhateverTheOrder) {
  constexpr uint32_t kSize = 20000;
  KeyedRng random(1, Purpose::kTest);
  std::vector<std::pair<uint32_t, uint32_t>> unions;
  for (uint32_t i = 0; i < kSize / 2; ++i) {
    unions.emplace_back(random.next_below(kSize), random.next_below(kSize));
  }
  std::vector<uint32_t> expected(kSize);
  std::iota(expected.begin(), expected.end(), 0u);
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [a, b] : unions) {
      if (expected[a] == expected[b]) continue;
      changed = true;
      uint32_t& worse = is_better(expected[a], expected[b]) ? expected[b] : expected[a];
      worse = is_better(expected[a], expected[b]) ? expected[a] : expected[b];
    }
  }
  for (const size_t threads : {1, 4}) {
    DisjointSets sets(kSize, is_better);
    {
      std::vector<std::jthread> workers;
      for (size_t t = 0; t < threads; ++t) {
        workers.emplace_back([&, t] {
          for (size_t i = t; i < unions.size(); i += threads) {
            sets.unite(unions[i].first, unions[i].second);
          }
        });
      }
    }
    for (uint32_t i = 0; i < kSize; ++i) ASSERT_EQ(sets.find(i), expected[i]) << i;
  }
}

}  // namespace
}  // namespace rexbert::curate
