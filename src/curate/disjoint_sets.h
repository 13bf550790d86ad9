#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <vector>

namespace rexbert::curate {

// Union-find over 0, ..., size - 1, safe for many threads without locks (Anderson and Woll,
// "Wait-free parallel algorithms for the union-find problem", 1991). The root of a set is its best
// member by a strict order of all, whatever the order of unions.
class DisjointSets {
 public:
  using IsBetter = std::function<bool(uint32_t, uint32_t)>;

  DisjointSets(size_t size, IsBetter is_better) : parents_(size), is_better_(std::move(is_better)) {
    for (size_t i = 0; i < size; ++i) parents_[i].store(static_cast<uint32_t>(i), kRelaxed);
  }

  size_t size() const { return parents_.size(); }

  uint32_t find(uint32_t member) {
    while (true) {
      uint32_t parent = parents_[member].load(kRelaxed);
      if (parent == member) return member;
      const uint32_t grandparent = parents_[parent].load(kRelaxed);
      if (grandparent != parent) {
        parents_[member].compare_exchange_weak(parent, grandparent, kRelaxed);
      }
      member = grandparent;
    }
  }

  void unite(uint32_t a, uint32_t b) {
    while (true) {
      a = find(a);
      b = find(b);
      if (a == b) return;
      if (is_better_(b, a)) std::swap(a, b);
      uint32_t root = b;
      if (parents_[b].compare_exchange_strong(root, a, kRelaxed)) return;
    }
  }

 private:
  // Parents alone are shared, and any of a member's ancestors serves as its parent.
  static constexpr std::memory_order kRelaxed = std::memory_order_relaxed;

  std::vector<std::atomic<uint32_t>> parents_;
  IsBetter is_better_;
};

}  // namespace rexbert::curate
