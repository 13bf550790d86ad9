#include <algorithm>
#include <atomic>
#include <optional>
#include <utility>

#include "net/retry_delay.h"
#include "net/transfer.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/net/http.h"

namespace rexbert::net {
namespace {

constexpr auto kLook = std::chrono::milliseconds(200);

}  // namespace

struct Client::Impl {
  Impl(Options o, Clock& c) : options(std::move(o)), clock(c) {}

  const Options options;
  Clock& clock;
  Connections connections;
  std::atomic<uint64_t> requests{0};

  // How long to wait before the next try; none where there shall be no next one.
  std::optional<std::chrono::milliseconds> next_try(const Outcome& outcome, uint64_t number,
                                                    int attempt, Clock::Duration failing) const {
    const bool transient =
        outcome.problem.empty() ? is_transient_status(outcome.response.status) : outcome.transient;
    if (!transient || attempt >= options.max_attempts) return {};
    std::chrono::milliseconds wait = backoff(options, number, attempt);
    if (outcome.problem.empty()) {
      const auto asked = retry_after(outcome.response);
      if (asked && *asked > options.max_retry_after) return {};
      wait = std::max(wait, asked.value_or(wait));
    }
    const bool too_late = options.max_retry_time.count() > 0 &&
                          failing + wait > Clock::Duration(options.max_retry_time);
    if (too_late) return {};
    return wait;
  }

  void wait_for_next_try(const Request& request, std::chrono::milliseconds wait) const {
    const Clock::TimePoint end = clock.now() + wait;
    while (request.on_progress && end - clock.now() > kLook) {
      request.on_progress(0);
      clock.sleep_until(clock.now() + kLook);
    }
    clock.sleep_until(end);
  }

  void retry(const Request& request, const Outcome& outcome, int attempt,
             std::chrono::milliseconds wait) const {
    wait_for_next_try(request, wait);
    if (!request.on_retry) return;
    const bool answered = outcome.problem.empty();
    request.on_retry(
        {.attempt = attempt,
         .status = answered ? outcome.response.status : 0,
         .reached = !answered && outcome.reached,
         .problem = answered ? str_cat("status ", outcome.response.status) : outcome.problem});
  }
};

Client::Client(Options options, Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(options), clock)) {}

Client::~Client() = default;

Response Client::send(const Request& request) {
  if (request.range && request.range->length == 0) {
    throw Error(ErrorCode::kUsage,
                str_cat(describe(request), ": expected a range of bytes, got 0"));
  }
  const uint64_t number = impl_->requests++;
  std::optional<Clock::TimePoint> failed;  // for the first time
  for (int attempt = 1;; ++attempt) {
    Outcome outcome = impl_->connections.transfer(request, impl_->options);
    if (!failed) failed = impl_->clock.now();
    const auto wait = impl_->next_try(outcome, number, attempt, impl_->clock.now() - *failed);
    if (wait) {
      impl_->retry(request, outcome, attempt, *wait);
      continue;
    }
    if (!outcome.problem.empty()) {
      throw ConnectionError(str_cat(describe(request), ": ", outcome.problem, " (attempt ", attempt,
                                    " of ", impl_->options.max_attempts, ")"),
                            outcome.reached);
    }
    outcome.response.attempts = attempt;
    return std::move(outcome.response);
  }
}

Response Client::fetch(const Request& request) {
  Response response = send(request);
  if (!response.ok()) throw status_error(request, response);
  return response;
}

}  // namespace rexbert::net
