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

struct Client::Impl {
  Impl(Options o, Clock& c) : options(std::move(o)), clock(c) {}

  const Options options;
  Clock& clock;
  Connections connections;
  std::atomic<uint64_t> requests{0};

  // How long to wait before the next try; none where there shall be no next one.
  std::optional<std::chrono::milliseconds> next_try(const Outcome& outcome, uint64_t number,
                                                    int attempt) const {
    const bool transient =
        outcome.problem.empty() ? is_transient_status(outcome.response.status) : outcome.transient;
    if (!transient || attempt >= options.max_attempts) return {};
    std::chrono::milliseconds wait = backoff(options, number, attempt);
    if (outcome.problem.empty()) {
      const auto asked = retry_after(outcome.response);
      if (asked && *asked > options.max_retry_after) return {};
      wait = std::max(wait, asked.value_or(wait));
    }
    return wait;
  }

  void retry(const Request& request, const Outcome& outcome, int attempt,
             std::chrono::milliseconds wait) const {
    clock.sleep_until(clock.now() + wait);
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
  for (int attempt = 1;; ++attempt) {
    Outcome outcome = impl_->connections.transfer(request, impl_->options);
    const auto wait = impl_->next_try(outcome, number, attempt);
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
