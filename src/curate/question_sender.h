#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "curate/label_answer.h"
#include "curate/label_budget.h"
#include "curate/label_cache.h"
#include "curate/rate_limiter.h"
#include "rexbert/core/error.h"
#include "rexbert/curate/openai_labeller.h"
#include "rexbert/net/http.h"

namespace rexbert::curate {

// Thrown to leave a request when another one has ended the job.
struct Stopped {};

// Sends questions, within rate and budget, and keeps account of them on disk and in statistics.
// Safe for many threads.
class QuestionSender {
 public:
  // Throws Error(kConfig) for an endpoint that is none and a key that is not there.
  QuestionSender(const OpenAiOptions& options, LabelCache& cache, Clock& clock);

  // The answer to a request about the lines `asked`, readable or not; none where none came. Throws
  // what makes further requests pointless, and Stopped.
  std::optional<Answer> ask(const std::string& key, const std::string& body,
                            std::span<const uint32_t> asked);

  // From now on requests that have not been sent are not, until resume().
  void stop();
  void resume();
  bool stopped() const { return stopped_; }

  LabelStatistics statistics() const;

 private:
  class Reservation;

  Spending priced(uint64_t prompt_tokens, uint64_t completion_tokens) const;
  Spending estimate(const std::string& body, size_t lines) const;
  // Waits until the next request may be sent.
  void take_turn(Reservation& held);
  std::optional<net::Response> send(const net::Request& request, Reservation& held);
  // Throws the error when too many failed before it.
  void note_failure(const Error& error);

  template <class Change>
  void count(Change&& change) {
    const std::scoped_lock lock(mutex_);
    change(statistics_);
  }

  const OpenAiOptions& options_;
  const std::string url_;
  const std::vector<net::Header> headers_;
  LabelCache& cache_;
  net::Client client_;
  RateLimiter limiter_;
  LabelBudget budget_;
  std::atomic<bool> stopped_{false};
  mutable std::mutex mutex_;
  LabelStatistics statistics_;
  uint32_t failures_in_a_row_ = 0;
};

}  // namespace rexbert::curate
