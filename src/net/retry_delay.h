#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "rexbert/net/http.h"

namespace rexbert::net {

// True for a status that the same request may not get again a little later.
bool is_transient_status(int status);

// The wait that a response asks for by Retry-After: seconds, or a date, which counts from the
// response's own Date. None where it asks for none or says it in another way.
std::optional<std::chrono::milliseconds> retry_after(const Response& response);

// The wait after try `attempt` (from 1) of the client's `request`-th request: see Options.
std::chrono::milliseconds backoff(const Options& options, uint64_t request, int attempt);

}  // namespace rexbert::net
