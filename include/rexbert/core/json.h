#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace rexbert {

// JSON documents (configs, indexes, manifests); keys are kept sorted. Bulk text is read with
// simdjson in the module that needs it.
using Json = nlohmann::json;

// Parses `text`; `source` names it in the Error(kCorrupt) "source: line 3, column 7: ...".
Json parse_json(std::string_view text, std::string_view source);

// The member `key` of an object, converted to T; a missing member, another type and a whole number
// that T does not hold are Error(kCorrupt) naming `source` and the key.
template <class T>
T json_get(const Json& object, std::string_view key, std::string_view source);

[[noreturn]] void throw_json_member(std::string_view source, std::string_view key,
                                    std::string_view problem);

template <class T>
T json_get(const Json& object, std::string_view key, std::string_view source) {
  if (!object.is_object()) throw_json_member(source, key, "expected an object around it");
  const auto member = object.find(key);
  if (member == object.end()) throw_json_member(source, key, "missing");
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    // The library would wrap around, cut fractions and take true for 1.
    if (!member->is_number()) {
      throw_json_member(source, key, "unexpected type " + std::string(member->type_name()));
    }
    const bool fits =
        member->is_number_unsigned()
            ? std::in_range<T>(member->template get<uint64_t>())
            : member->is_number_integer() && std::in_range<T>(member->template get<int64_t>());
    if (!fits) {
      throw_json_member(
          source, key,
          "expected a whole number of " + std::to_string(std::numeric_limits<T>::min()) + " to " +
              std::to_string(std::numeric_limits<T>::max()) + ", got " + member->dump());
    }
  }
  try {
    return member->template get<T>();
  } catch (const Json::exception&) {
    throw_json_member(source, key, "unexpected type " + std::string(member->type_name()));
  }
}

}  // namespace rexbert
