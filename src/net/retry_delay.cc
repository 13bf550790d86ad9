#include "net/retry_delay.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

#include "rexbert/core/philox.h"

namespace rexbert::net {
namespace {

std::optional<int64_t> parse_seconds(std::string_view text) {
  int64_t seconds = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr int64_t kYear = 366 * 24 * 3600;
  if (problem != std::errc() || end != text.data() + text.size() || seconds < 0) return {};
  return std::min(seconds, kYear);
}

std::optional<int64_t> parse_date(std::string_view text) {
  const time_t time = curl_getdate(std::string(text).c_str(), nullptr);
  if (time < 0) return {};
  return static_cast<int64_t>(time);
}

}  // namespace

bool is_transient_status(int status) {
  return status == 408 || status == 429 ||
         (status >= 500 && status < 600 && status != 501 && status != 505);
}

std::optional<std::chrono::milliseconds> retry_after(const Response& response) {
  const std::string_view value = response.header("Retry-After");
  if (const auto seconds = parse_seconds(value)) return std::chrono::seconds(*seconds);
  const auto then = parse_date(value);
  const auto now = parse_date(response.header("Date"));
  if (!then || !now) return {};
  return std::chrono::seconds(std::max<int64_t>(*then - *now, 0));
}

std::chrono::milliseconds backoff(const Options& options, uint64_t request, int attempt) {
  KeyedRng rng(options.seed, Purpose::kRetryDelay, request, static_cast<uint64_t>(attempt));
  const double share = 0.5 + 0.5 * rng.next_uniform();
  const double delay = std::min(
      std::ldexp(static_cast<double>(options.initial_delay.count()), std::min(attempt - 1, 60)),
      static_cast<double>(options.max_delay.count()));
  return std::chrono::milliseconds(std::llround(share * delay));
}

}  // namespace rexbert::net
