#include "curate/question_sender.h"

#include <cstdlib>
#include <utility>

#include "curate/label_prompt.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

// Tokens that a server's chat template may add to the text of the messages.
constexpr uint64_t kTemplateTokens = 128;

std::string completions_url(const OpenAiOptions& options) {
  const std::string& endpoint = options.endpoint;
  if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://")) {
    throw Error(ErrorCode::kConfig,
                str_cat("endpoint: expected an address that begins with http:// or https://, got ",
                        str_quote(endpoint)));
  }
  return str_cat(endpoint, endpoint.ends_with('/') ? "" : "/", "chat/completions");
}

std::vector<net::Header> make_headers(const OpenAiOptions& options) {
  std::vector<net::Header> headers = {{"Content-Type", "application/json"}};
  if (options.api_key_variable.empty()) return headers;
  const char* value = std::getenv(options.api_key_variable.c_str());
  const std::string_view key = value == nullptr ? std::string_view() : str_trim(value);
  if (key.empty()) {
    throw Error(ErrorCode::kConfig,
                str_cat("api_key_variable: expected a key in the environment variable ",
                        options.api_key_variable, ", got none"));
  }
  headers.push_back({"Authorization", str_cat("Bearer ", key)});
  return headers;
}

// The key is refused, the account is empty, or there is no such endpoint or model: no other request
// will fare better.
bool is_final(int status) {
  return status == 401 || status == 402 || status == 403 || status == 404;
}

}  // namespace

// What a request may use. One that is destroyed without having been ended is paid in full, as the
// cache, which was told of its beginning alone, will have it too.
class QuestionSender::Reservation {
 public:
  Reservation(QuestionSender& sender, const std::string& key, const Spending& estimate)
      : sender_(sender), key_(key), estimate_(estimate) {
    begin();
  }
  ~Reservation() {
    if (open_) settle(estimate_);
  }
  Reservation(const Reservation&) = delete;
  Reservation& operator=(const Reservation&) = delete;

  const Spending& estimate() const { return estimate_; }

  // Throws Error(kConfig) when the budget is spent, Stopped when it was stopped.
  void begin() {
    if (!sender_.budget_.reserve(estimate_)) {
      if (sender_.stopped_) throw Stopped();
      throw_spent();
    }
    open_ = true;
    sender_.cache_.asking(key_, estimate_);
  }

  // No answer came; a request that reached the server may have been served all the same.
  void lose(bool reached) {
    const Spending actual = reached ? estimate_ : Spending();
    sender_.cache_.lost(key_, actual);
    settle(actual);
  }

  void settle(const Spending& actual) {
    open_ = false;
    sender_.budget_.settle(estimate_, actual);
    sender_.count([&](LabelStatistics& s) {
      s.prompt_tokens += actual.prompt_tokens;
      s.completion_tokens += actual.completion_tokens;
      s.cost += actual.cost;
      s.underestimated += actual.prompt_tokens > estimate_.prompt_tokens ||
                          actual.completion_tokens > estimate_.completion_tokens;
    });
  }

 private:
  [[noreturn]] void throw_spent() const {
    const Spending spent = sender_.budget_.spent();
    const OpenAiOptions& options = sender_.options_;
    throw Error(ErrorCode::kConfig,
                str_cat("the budget is spent: ", spent.tokens(), " of ", options.token_budget,
                        " tokens and ", spent.cost, " of ", options.money_budget,
                        " in money (0: no limit); the next request may take ", estimate_.tokens(),
                        " tokens and ", estimate_.cost, " in money"));
  }

  QuestionSender& sender_;
  const std::string& key_;
  const Spending estimate_;
  bool open_ = false;
};

QuestionSender::QuestionSender(const OpenAiOptions& options, LabelCache& cache, Clock& clock)
    : options_(options),
      url_(completions_url(options)),
      headers_(make_headers(options)),
      cache_(cache),
      client_(options.http, clock),
      limiter_(options.requests_per_minute, clock),
      budget_(options.token_budget, options.money_budget, cache.spent_before()) {}

Spending QuestionSender::priced(uint64_t prompt_tokens, uint64_t completion_tokens) const {
  return {.prompt_tokens = prompt_tokens,
          .completion_tokens = completion_tokens,
          .cost = (static_cast<double>(prompt_tokens) * options_.prompt_price +
                   static_cast<double>(completion_tokens) * options_.completion_price) /
                  1e6};
}

// A token is at least one byte of text.
Spending QuestionSender::estimate(const std::string& body, size_t lines) const {
  return priced(body.size() + kTemplateTokens,
                options_.completion_tokens_per_answer +
                    uint64_t{options_.completion_tokens_per_line} * lines);
}

std::optional<Answer> QuestionSender::ask(const std::string& key, const std::string& body,
                                          std::span<const uint32_t> asked) {
  Reservation held(*this, key, estimate(body, asked.size()));
  const net::Request request = {.method = net::Method::kPost,
                                .url = url_,
                                .headers = headers_,
                                .body = body,
                                .on_retry = [&](const net::Retry& retry) {
                                  held.lose(retry.reached);
                                  held.begin();
                                  take_turn(held);
                                  count([](LabelStatistics& s) { ++s.retries; });
                                }};
  const std::optional<net::Response> response = send(request, held);
  if (!response) return {};
  Answer answer = read_answer(response->body, asked);
  const Spending actual =
      answer.usage ? priced(answer.usage->first, answer.usage->second) : held.estimate();
  if (answer.labels.empty()) {
    cache_.unreadable(key, answer.problem, actual);
    count([&](LabelStatistics& s) { ++(answer.refusal ? s.refusals : s.unreadable_answers); });
  } else {
    cache_.answered(key, answer.labels, actual);
  }
  held.settle(actual);
  return answer;
}

void QuestionSender::take_turn(Reservation& held) {
  limiter_.acquire();
  if (!stopped_) return;
  held.lose(false);
  throw Stopped();
}

std::optional<net::Response> QuestionSender::send(const net::Request& request, Reservation& held) {
  take_turn(held);
  count([](LabelStatistics& s) { ++s.requests; });
  net::Response response;
  try {
    response = client_.send(request);
  } catch (const net::ConnectionError& error) {
    held.lose(error.reached());
    note_failure(error);
    return {};
  }
  if (response.ok()) {
    const std::scoped_lock lock(mutex_);
    failures_in_a_row_ = 0;
    return response;
  }
  held.lose(false);
  const Error error = net::status_error(request, response);
  if (is_final(response.status)) throw error;
  note_failure(error);
  return {};
}

void QuestionSender::note_failure(const Error& error) {
  const std::scoped_lock lock(mutex_);
  ++statistics_.failed_requests;
  if (++failures_in_a_row_ < options_.failures_in_a_row) return;
  Error last = error;
  last.add_context(str_cat(failures_in_a_row_, " requests failed one after the other"));
  throw last;
}

void QuestionSender::stop() {
  stopped_ = true;
  budget_.stop();
}

void QuestionSender::resume() {
  stopped_ = false;
  budget_.resume();
}

LabelStatistics QuestionSender::statistics() const {
  const std::scoped_lock lock(mutex_);
  return statistics_;
}

}  // namespace rexbert::curate
