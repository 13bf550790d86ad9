#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/curate/labeller.h"
#include "rexbert/net/http.h"

namespace rexbert::curate {

// What labels e-commerce lines in general. {context}: the document's lines around those in
// question, each "<number>: <text>" with numbers from 1, "..." where some are left out. {lines}:
// the numbers of those to label, "3-5, 9". {url}: the document's. A prompt must hold the first two.
extern const char* const kLabelSystemPrompt;
extern const char* const kLabelPrompt;

struct OpenAiOptions {
  // Base address of an OpenAI-compatible server, such as https://api.openai.com/v1 or
  // http://localhost:8000/v1 of vLLM and llama.cpp: "/chat/completions" is added. Required.
  std::string endpoint = {};
  // The model's name, as the server has it. Required.
  std::string model = {};
  // The environment variable that holds the key. Default OPENAI_API_KEY. Empty: no key is sent.
  std::string api_key_variable = "OPENAI_API_KEY";
  // The messages. The answer must be a JSON object of line numbers to 1 (e-commerce) or 0.
  std::string system_prompt = kLabelSystemPrompt;
  std::string prompt = kLabelPrompt;
  // A JSON object merged into each request (RFC 7396: null removes), such as
  // {"chat_template_kwargs": {"enable_thinking": false}}. The requests have temperature 0 and
  // response_format json_object of their own. Default: nothing.
  std::string parameters = {};

  // Lines that one request asks about, all of one document. Default 32. Fewer cost more, since the
  // context is paid for each time.
  uint32_t lines_per_request = 32;
  // Bytes of lines in question in one request. Default 8000.
  uint32_t bytes_per_request = 8000;
  // Bytes of further lines shown between and around them. Default 2000.
  uint32_t context_bytes = 2000;
  // A longer line is shown cut to this many bytes. Default 1000.
  uint32_t line_bytes = 1000;
  // Limit of an answer in tokens: a part for each line and a part for each answer. Default 16 and
  // 64; a model that thinks before it answers needs thousands for each answer.
  uint32_t completion_tokens_per_line = 16;
  uint32_t completion_tokens_per_answer = 64;
  // How the request names that limit: newer models of OpenAI want "max_completion_tokens".
  std::string completion_limit_name = "max_tokens";
  // How often lines are asked about until the answer can be read. Default 2. Each is paid for.
  uint32_t attempts = 2;

  // Requests in flight. Default 8. Labels do not depend on it.
  uint32_t workers = 8;
  // Requests sent in a minute, evenly spaced, retries included; 0 is no limit. Default 0.
  double requests_per_minute = 0;
  // Requests that fail one after the other before the labeller gives up. Default 16.
  uint32_t failures_in_a_row = 16;
  // Retries and time limits. Default: as the client's, but 5 minutes for an answer, however slowly
  // it comes.
  net::Options http = {.total_timeout = std::chrono::minutes(5),
                       .low_speed_bytes_per_second = 0,
                       .max_body_bytes = uint64_t{16} << 20};

  // Prices of 1 million tokens, in any currency. Default 0.
  double prompt_price = 0;
  double completion_price = 0;
  // Limits of what all requests together use, those of earlier processes with the same cache
  // included; 0 is no limit. Default 0. Before a request is sent, as many prompt tokens as it has
  // bytes and the longest answer are reserved, so that no limit is exceeded unless the server
  // exceeds that of an answer (LabelStatistics::underestimated); the last few thousand tokens stay
  // unused therefore. A request whose answer was lost counts as reserved.
  uint64_t token_budget = 0;
  double money_budget = 0;

  // File that keeps each answer (docs/formats/label-cache.md), so that no question is paid for
  // twice. Empty: none is kept. Required where a budget shall hold over restarts.
  fs::path cache = {};
};

// Of one labeller, since it was made.
struct LabelStatistics {
  uint64_t requests = 0;            // sent, without retries
  uint64_t retries = 0;             // of requests that failed on the way
  uint64_t failed_requests = 0;     // that brought no answer in the end
  uint64_t refusals = 0;            // answers in which the model declined
  uint64_t unreadable_answers = 0;  // all others that are not what was asked for
  uint64_t prompt_tokens = 0;       // paid for, as the server counts them, else as reserved
  uint64_t completion_tokens = 0;
  double cost = 0;
  uint64_t underestimated = 0;   // answers that used more than was reserved for them
  uint64_t labelled_lines = 0;   // those from the cache included
  uint64_t failed_lines = 0;     // given kFailed
  uint64_t cached_lines = 0;     // whose answer, or failure, was in the cache or asked for already
  uint64_t cached_requests = 0;  // the questions that these lines make
};

// Asks a model behind an OpenAI-compatible endpoint.
//
// What becomes of a line is a pure function of the model's answers: which lines share a request
// does not depend on workers, other documents or the cache. Lines fail, and are counted, where the
// answer cannot be read `attempts` times (which the cache remembers) or no answer comes (which it
// does not). A question that appears twice in one call is asked once.
class OpenAiLabeller final : public Labeller {
 public:
  // Throws Error(kConfig) for settings that cannot be used and for a key that is not there,
  // Error(kCorrupt) for a damaged cache, Error(kIo) where another process has it open.
  OpenAiLabeller(Env& env, OpenAiOptions options, Clock& clock = Clock::steady());
  ~OpenAiLabeller() override;

  // Throws, after all labels have been set, when the key is refused, the endpoint or the model is
  // not there, a budget is spent, `failures_in_a_row` requests failed or the cache cannot be
  // written. From one thread at a time.
  void label(std::span<LabelTask> tasks) override;

  LabelStatistics statistics() const;
  // The statistics under their own names.
  Json report() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rexbert::curate
