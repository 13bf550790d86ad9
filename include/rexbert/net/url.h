#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rexbert::net {

// A path as URLs hold it: all bytes but letters, digits, "-._~" and "/" as %XX.
std::string percent_encoded_path(std::string_view path);

// For messages: "https://user:password@host/path" without "user:password@".
std::string without_user(std::string_view url);

// What is wrong with a URL that names user or password, and where they belong; it names neither.
// Nothing for all other URLs. A URL gets into logs, configs and checkpoints.
std::optional<std::string> user_problem(std::string_view url);

}  // namespace rexbert::net
