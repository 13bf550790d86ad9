#include "rexbert/core/hash.h"

#include <gtest/gtest.h>

#include <map>

#include "support/errors.h"

namespace rexbert {
namespace {

// Digests of "abc" by Python's hashlib and xxhash 3.8.
const std::map<std::string, std::string> kDigestsOfAbc = {
    {"blake2b",
     "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533c"
     "c9518d38aa8dbf1925ab92386edd4009923"},
    {"blake2s", "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982"},
    {"md5", "900150983cd24fb0d6963f7d28e17f72"},
    {"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"},
    {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"sha384",
     "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c82"
     "5a7"},
    {"sha512",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "bbd454d4423643ce80e2a9ac94fa54ca49f"},
    {"sha3_224", "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf"},
    {"sha3_256", "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"},
    {"sha3_384",
     "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376"
     "d25"},
    {"sha3_512",
     "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e39"
     "34057340b4cf408d5a56592f8274eec53f0"},
    {"xxh32", "32d153ff"},
    {"xxh64", "44bc2cf5ad770999"},
    {"xxh128", "06b05ab6733a618578af5f94892f3950"},
    {"xxh3_64", "78af5f94892f3950"},
    {"xxh3_128", "06b05ab6733a618578af5f94892f3950"}};

TEST(Hash, KnownDigestsOfEveryAlgorithm) {
  ASSERT_EQ(hash_algorithms().size(), kDigestsOfAbc.size());
  for (const std::string& name : hash_algorithms()) {
    EXPECT_EQ(hash_hex(name, "abc"), kDigestsOfAbc.at(name)) << name;
  }
}

TEST(Hash, LeadingZerosStay) {
  EXPECT_EQ(hash_hex("xxh32", "2"), "0c436334");
  EXPECT_EQ(hash_hex("xxh64", "49"), "0bfbbc8d2c79f71e");
  EXPECT_EQ(hash_hex("xxh3_64", "7"), "06eed105b82285fa");
  EXPECT_EQ(hash_hex("xxh128", "30"), "0b165d236bdc00c3213488a6525340f6");
}

TEST(Hash, PiecesHashLikeTheWhole) {
  std::string data;
  for (int i = 0; i < 1'004'000; ++i) data += static_cast<char>(i % 251);
  const std::map<std::string, std::string> expected = {
      {"sha256", "04f0fb1fe490f7315fa76881081092237a25559f2f56e2f3cccfc336fa9fe699"},
      {"md5", "e33290d87d3fc757c2ad01a35094acab"},
      {"xxh32", "f9a076af"},
      {"xxh64", "138385f464b0d62c"},
      {"xxh128", "13ab209390874852d1331908dee666bf"},
      {"xxh3_64", "d1331908dee666bf"}};
  for (const auto& [name, digest] : expected) {
    EXPECT_EQ(hash_hex(name, data), digest) << name;
    const auto hasher = make_hasher(name);
    size_t begin = 0;
    for (size_t length = 0; begin < data.size(); length = 3 * length + 1) {
      hasher->update(std::string_view(data).substr(begin, length));
      begin += length;
    }
    EXPECT_EQ(hasher->hex_digest(), digest) << name << " in pieces";
  }
}

TEST(Hash, Hash64IsXxh3) {
  EXPECT_EQ(hash64("abc"), 0x78af5f94892f3950u);
  EXPECT_EQ(hash64("abc", 42), 0xd8438def21bbdcc3u);
}

TEST(Hash, UnknownAlgorithm) {
  EXPECT_EQ(test::error_of([] { make_hasher("crc32"); }),
            "usage error: unknown hash algorithm \"crc32\"; expected one of blake2b, blake2s, md5, "
            "sha1, sha224, sha256, sha384, sha3_224, sha3_256, sha3_384, sha3_512, sha512, xxh128, "
            "xxh32, xxh3_128, xxh3_64, xxh64");
}

}  // namespace
}  // namespace rexbert
