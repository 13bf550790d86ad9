// Reads every shard of a stream behind a URL twice, by way of a cache, and prints a hash of each
// shard's tokens: rexbert_shard_cache_reader URL CACHE LIMIT.

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "rexbert/core/hash.h"
#include "rexbert/core/log.h"
#include "rexbert/shard/token_stream.h"

int main(int count, char** words) try {
  using namespace rexbert;
  if (count != 4) return 2;
  log::set_level(log::Level::kError);  // the limit is passed: see the tests
  shard::CacheOptions cache;
  cache.directory = words[2];
  cache.limit = std::stoll(words[3]);
  const auto stream = shard::TokenStream::open(Env::posix(), words[1], {}, cache);
  for (size_t i = 0; i < 2 * stream.shards(); ++i) {
    stream.prefetch({i % stream.shards(), (i + 1) % stream.shards()});
    const auto open = stream.open_shard(i % stream.shards());
    std::vector<int32_t> tokens(open->tokens());
    size_t filled = 0;
    for (uint64_t sample = 0; sample < open->samples(); ++sample) {
      open->copy(sample, 0, open->length(sample), tokens.data() + filled);
      filled += open->length(sample);
    }
    const std::string_view bytes(reinterpret_cast<const char*>(tokens.data()), 4 * tokens.size());
    std::printf("%llu\n", static_cast<unsigned long long>(hash64(bytes)));
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
