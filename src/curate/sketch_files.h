#pragma once

#include <cstring>
#include <string>

#include "curate/sketches.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {

inline constexpr const char* kRecordsFile = "records.bin";
inline constexpr const char* kPayloadFile = "payload.bin";

inline std::string key_file(KeyKind kind, int partition) {
  return str_printf("%s-%03d.bin", kind == KeyKind::kExact ? "exact" : "near", partition);
}

inline constexpr size_t kKeyBytes = sizeof(uint64_t) + sizeof(uint32_t);

inline void pack_key(const KeyedDocument& key, char* out) {
  std::memcpy(out, &key.key, sizeof(key.key));
  std::memcpy(out + sizeof(key.key), &key.document, sizeof(key.document));
}

inline KeyedDocument unpack_key(const char* bytes) {
  KeyedDocument key{};
  std::memcpy(&key.key, bytes, sizeof(key.key));
  std::memcpy(&key.document, bytes + sizeof(key.key), sizeof(key.document));
  return key;
}

}  // namespace rexbert::curate
