#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

// Reading the JSON files beside shards. `source` names the file in errors.
namespace rexbert::shard {

[[noreturn]] inline void fail(std::string_view source, std::string_view problem,
                              ErrorCode code = ErrorCode::kCorrupt) {
  throw Error(code, str_cat(source, ": ", problem));
}

inline void check_keys(const Json& object, const std::set<std::string>& keys,
                       std::string_view source) {
  if (!object.is_object()) fail(source, "expected an object");
  for (const auto& [key, value] : object.items()) {
    if (!keys.contains(key)) fail(source, str_cat("unknown key ", str_quote(key)));
  }
}

inline uint64_t get_count(const Json& object, std::string_view key, std::string_view source) {
  const auto value = json_get<Json>(object, key, source);
  if (!value.is_number_unsigned()) {
    fail(source, str_cat(key, ": expected a count, got ", value.dump()));
  }
  return value.get<uint64_t>();
}

// The sizes that the reference's reader accepts: 67108864, "67108864", "64mb", "1.5gb", "10b"; null
// is none.
std::optional<uint64_t> parse_size_limit(const Json& json, std::string_view source);

}  // namespace rexbert::shard
