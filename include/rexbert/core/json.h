#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace rexbert {

// JSON documents (configs, indexes, manifests); keys are kept sorted. Bulk text is read with
// simdjson in the module that needs it.
using Json = nlohmann::json;

// Parses `text`; `source` names it in the Error(kCorrupt) "source: line 3, column 7: ...".
Json parse_json(std::string_view text, std::string_view source);

// The member `key` of an object, converted to T; a missing member or another type is
// Error(kCorrupt) naming `source` and the key.
template <class T>
T json_get(const Json& object, std::string_view key, std::string_view source);

[[noreturn]] void throw_json_member(std::string_view source, std::string_view key,
                                    std::string_view problem);

template <class T>
T json_get(const Json& object, std::string_view key, std::string_view source) {
  if (!object.is_object()) throw_json_member(source, key, "expected an object around it");
  const auto member = object.find(key);
  if (member == object.end()) throw_json_member(source, key, "missing");
  try {
    return member->template get<T>();
  } catch (const Json::exception&) {
    throw_json_member(source, key, "unexpected type " + std::string(member->type_name()));
  }
}

}  // namespace rexbert
