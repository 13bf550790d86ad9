#include "rexbert/core/hash.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert {
namespace {

std::string to_hex(const unsigned char* bytes, size_t length) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * length);
  for (size_t i = 0; i < length; ++i) {
    hex += kDigits[bytes[i] >> 4];
    hex += kDigits[bytes[i] & 15];
  }
  return hex;
}

class OpenSslHasher final : public Hasher {
 public:
  explicit OpenSslHasher(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    if (EVP_DigestInit_ex(context_.get(), algorithm, nullptr) != 1) {
      throw Error(ErrorCode::kInternal, "OpenSSL cannot start a hash");
    }
  }
  void update(std::string_view data) override {
    EVP_DigestUpdate(context_.get(), data.data(), data.size());
  }
  std::string hex_digest() override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &length);
    return to_hex(digest.data(), length);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

class Xxh32Hasher final : public Hasher {
 public:
  Xxh32Hasher() : state_(XXH32_createState(), &XXH32_freeState) { XXH32_reset(state_.get(), 0); }
  void update(std::string_view data) override {
    XXH32_update(state_.get(), data.data(), data.size());
  }
  std::string hex_digest() override { return str_printf("%08x", XXH32_digest(state_.get())); }

 private:
  std::unique_ptr<XXH32_state_t, decltype(&XXH32_freeState)> state_;
};

class Xxh64Hasher final : public Hasher {
 public:
  Xxh64Hasher() : state_(XXH64_createState(), &XXH64_freeState) { XXH64_reset(state_.get(), 0); }
  void update(std::string_view data) override {
    XXH64_update(state_.get(), data.data(), data.size());
  }
  std::string hex_digest() override {
    return str_printf("%016llx", static_cast<unsigned long long>(XXH64_digest(state_.get())));
  }

 private:
  std::unique_ptr<XXH64_state_t, decltype(&XXH64_freeState)> state_;
};

class Xxh3Hasher final : public Hasher {
 public:
  explicit Xxh3Hasher(int bits) : bits_(bits), state_(XXH3_createState(), &XXH3_freeState) {
    bits_ == 64 ? XXH3_64bits_reset(state_.get()) : XXH3_128bits_reset(state_.get());
  }
  void update(std::string_view data) override {
    bits_ == 64 ? XXH3_64bits_update(state_.get(), data.data(), data.size())
                : XXH3_128bits_update(state_.get(), data.data(), data.size());
  }
  std::string hex_digest() override {
    if (bits_ == 64) {
      return str_printf("%016llx",
                        static_cast<unsigned long long>(XXH3_64bits_digest(state_.get())));
    }
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    return str_printf("%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                      static_cast<unsigned long long>(hash.low64));
  }

 private:
  int bits_;
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state_;
};

using OpenSslEntry = std::pair<std::string_view, const EVP_MD* (*)()>;
constexpr std::array<OpenSslEntry, 12> kOpenSsl = {{{"blake2b", &EVP_blake2b512},
                                                    {"blake2s", &EVP_blake2s256},
                                                    {"md5", &EVP_md5},
                                                    {"sha1", &EVP_sha1},
                                                    {"sha224", &EVP_sha224},
                                                    {"sha256", &EVP_sha256},
                                                    {"sha384", &EVP_sha384},
                                                    {"sha512", &EVP_sha512},
                                                    {"sha3_224", &EVP_sha3_224},
                                                    {"sha3_256", &EVP_sha3_256},
                                                    {"sha3_384", &EVP_sha3_384},
                                                    {"sha3_512", &EVP_sha3_512}}};

}  // namespace

uint64_t hash64(std::string_view data, uint64_t seed) {
  return XXH3_64bits_withSeed(data.data(), data.size(), seed);
}

std::unique_ptr<Hasher> make_hasher(std::string_view algorithm) {
  for (const auto& [name, factory] : kOpenSsl) {
    if (name == algorithm) return std::make_unique<OpenSslHasher>(factory());
  }
  if (algorithm == "xxh32") return std::make_unique<Xxh32Hasher>();
  if (algorithm == "xxh64") return std::make_unique<Xxh64Hasher>();
  if (algorithm == "xxh3_64") return std::make_unique<Xxh3Hasher>(64);
  if (algorithm == "xxh128" || algorithm == "xxh3_128") return std::make_unique<Xxh3Hasher>(128);
  throw Error(ErrorCode::kUsage, str_cat("unknown hash algorithm ", str_quote(algorithm),
                                         "; expected one of ", str_join(hash_algorithms(), ", ")));
}

const std::vector<std::string>& hash_algorithms() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const auto& [name, factory] : kOpenSsl) all.emplace_back(name);
    for (const char* name : {"xxh32", "xxh64", "xxh128", "xxh3_64", "xxh3_128"})
      all.emplace_back(name);
    std::sort(all.begin(), all.end());
    return all;
  }();
  return names;
}

std::string hash_hex(std::string_view algorithm, std::string_view data) {
  const auto hasher = make_hasher(algorithm);
  hasher->update(data);
  return hasher->hex_digest();
}

}  // namespace rexbert
