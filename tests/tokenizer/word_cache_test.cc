#include "../src/tokenizer/word_cache.h"

#include <gmock/gmock.h>

#include <string>

namespace rexbert::tokenizer {
namespace {

std::vector<int32_t> ids_of(int number) { return {number, number + 1, -number}; }

TEST(WordCache, FindsWhatWasInsertedAndNothingElse) {
  WordCache cache;
  for (int i = 0; i < 5000; ++i) {
    const std::string word = " w" + std::to_string(i);
    const uint64_t hash = WordCache::hash(word);
    EXPECT_TRUE(cache.find(word, hash).empty());
    cache.insert(word, hash, ids_of(i));
  }
  for (int i = 0; i < 5000; ++i) {
    const std::string word = " w" + std::to_string(i);
    const auto found = cache.find(word, WordCache::hash(word));
    EXPECT_EQ(std::vector<int32_t>(found.begin(), found.end()), ids_of(i));
  }
  EXPECT_TRUE(cache.find("other", WordCache::hash("other")).empty());
}

TEST(WordCache, TellsWordsOfOneHashApart) {
  WordCache cache;
  cache.insert("a", 7, ids_of(1));
  EXPECT_TRUE(cache.find("b", 7).empty());
  cache.insert("b", 7, ids_of(2));
  EXPECT_EQ(cache.find("a", 7)[0], 1);
  EXPECT_EQ(cache.find("b", 7)[0], 2);
}

TEST(WordCache, StartsAnewWhenFull) {
  WordCache cache;
  for (int i = 0; i < 300'000; ++i) {
    const std::string word = std::to_string(i);
    cache.insert(word, WordCache::hash(word), ids_of(i));
  }
  EXPECT_EQ(cache.find("299999", WordCache::hash("299999"))[0], 299'999);
  EXPECT_TRUE(cache.find("0", WordCache::hash("0")).empty());
}

}  // namespace
}  // namespace rexbert::tokenizer
