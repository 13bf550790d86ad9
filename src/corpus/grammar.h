#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/philox.h"

namespace rexbert::corpus {

// Random choices of one document, all from one keyed stream.
class Draw {
 public:
  explicit Draw(KeyedRng rng) : rng_(rng) {}

  // Uniform in [0, bound).
  size_t below(size_t bound) { return static_cast<size_t>(rng_.next_below(bound)); }
  // Uniform in [low, high].
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(rng_.next_below(static_cast<uint64_t>(high - low + 1)));
  }
  bool chance(double probability) { return rng_.next_uniform() < probability; }
  template <class List>
  const auto& pick(const List& list) {
    return list[below(std::size(list))];
  }
  template <class T>
  void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

 private:
  KeyedRng rng_;
};

// What a document says about its subject: names of facts to their wording.
using Facts = std::map<std::string, std::string, std::less<>>;
using Patterns = std::span<const std::string_view>;

// Words of one kind ("colour", "verb of motion"); the lists are in words_*.cc. Throws
// Error(kInternal) for a name that has no list.
const std::vector<std::string_view>& word_list(std::string_view name);

// Writes a pattern out. {key} is a fact or, where there is no such fact, a random entry of that
// word list; {^key} starts with a capital letter; {a key} has "a" or "an" before it; [x|y|z] is one
// of the alternatives, which may be empty and may nest.
std::string realize(std::string_view pattern, const Facts& facts, Draw& draw);

// `count` different patterns in random order (all of them when there are fewer), written out and
// joined by blanks.
std::string realize_some(Patterns patterns, size_t count, const Facts& facts, Draw& draw);
// The first pattern, then `count` of the others.
std::string realize_led(Patterns patterns, size_t count, const Facts& facts, Draw& draw);

std::string capitalized(std::string text);
std::string with_article(std::string_view noun);
// "1,234,567".
std::string grouped(int64_t value);

}  // namespace rexbert::corpus
