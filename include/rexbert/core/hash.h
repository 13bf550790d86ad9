#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert {

// XXH3, 64 bits: for fingerprints and keys inside the program.
uint64_t hash64(std::string_view data, uint64_t seed = 0);

// A running hash by the name that Python's hashlib or xxhash gives it.
class Hasher {
 public:
  virtual ~Hasher() = default;
  virtual void update(std::string_view data) = 0;
  // Lower-case hex of all data so far; ends the hash.
  virtual std::string hex_digest() = 0;
};

// Names: blake2b, blake2s, md5, sha1, sha224, sha256, sha384, sha512, sha3_224, sha3_256, sha3_384,
// sha3_512, xxh32, xxh64, xxh128, xxh3_64, xxh3_128. Throws Error(kUsage) for another.
std::unique_ptr<Hasher> make_hasher(std::string_view algorithm);
const std::vector<std::string>& hash_algorithms();

std::string hash_hex(std::string_view algorithm, std::string_view data);

}  // namespace rexbert
