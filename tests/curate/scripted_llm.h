#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "support/http_server.h"

namespace rexbert::curate {

// A prompt for the tests that the model below can read.
inline constexpr const char* kScriptedPrompt = "{context}@{lines}";

// How the model misbehaves at one request.
enum class Fault {
  kNone,
  kDrop,         // the connection breaks in the middle of the answer, which is billed
  kServerError,  // 500
  kTooMany,      // 429 with Retry-After
  kBadRequest,   // 400
  kBadKey,       // 401
  kBrokenJson,
  kWrongCount,
  kRefusal,
  kSilence,  // no answer before release()
};

// Plays an OpenAI-compatible server whose model labels a line 1 when it has "buy" in it. What it
// does depends on the question and on how often that was asked, and so not on the order of
// requests.
class ScriptedLlm {
 public:
  using Script = std::function<Fault(const std::string& prompt, int times_before)>;

  explicit ScriptedLlm(Script script = [](const std::string&, int) { return Fault::kNone; })
      : script_(std::move(script)) {}

  test::HttpReply operator()(const test::HttpMessage& message) {
    const Json request = Json::parse(message.body);
    const auto prompt = request["messages"][0]["content"].get<std::string>();
    Fault fault = Fault::kNone;
    {
      const std::scoped_lock lock(mutex_);
      requests_.push_back(request);
      fault = script_(prompt, asked_[prompt]++);
    }
    return reply(fault, prompt);
  }

  void release() {
    const std::scoped_lock lock(mutex_);
    released_ = true;
    released_changed_.notify_all();
  }

  std::vector<Json> requests() const { return locked(requests_); }
  // How often each question came.
  std::map<std::string, int> asked() const { return locked(asked_); }
  // How often each question was answered with status 200.
  std::map<std::string, int> billed() const { return locked(billed_); }
  uint64_t billed_tokens() const { return locked(billed_tokens_); }

  // What a line's label is; the text of "<number>: <text>" or the line itself.
  static bool is_ecommerce(std::string_view line) {
    return line.find("buy") != std::string_view::npos;
  }

 private:
  template <class Value>
  Value locked(const Value& value) const {
    const std::scoped_lock lock(mutex_);
    return value;
  }

  test::HttpReply reply(Fault fault, const std::string& prompt) {
    switch (fault) {
      case Fault::kServerError:
        return {.status = 500, .body = "overloaded"};
      case Fault::kTooMany:
        return {.status = 429, .headers = {{"Retry-After", "20"}}};
      case Fault::kBadRequest:
        return {.status = 400, .body = "too long"};
      case Fault::kBadKey:
        return {.status = 401, .body = R"({"error":{"message":"Incorrect API key"}})"};
      case Fault::kBrokenJson:
        return bill(prompt, "{\"1\": 1, \"2\":");
      case Fault::kWrongCount:
        return bill(prompt, "{\"1\": 1, \"999\": 0}");
      case Fault::kRefusal:
        return bill(prompt, "I'm sorry, but I cannot help with that.");
      case Fault::kSilence: {
        std::unique_lock lock(mutex_);
        released_changed_.wait(lock, [this] { return released_; });
        return {.status = 500};
      }
      case Fault::kDrop:
      case Fault::kNone:
        break;
    }
    test::HttpReply whole = bill(prompt, labels(prompt).dump());
    if (fault == Fault::kDrop) whole.cut = whole.body.size() / 2;
    return whole;
  }

  // "{"2":1,"3":0}" for the prompt "...2: buy it\n3: no\n@2-3".
  static Json labels(const std::string& prompt) {
    std::map<uint32_t, bool> shown;
    const size_t at = prompt.rfind('@');
    for (const std::string& line : str_split(prompt.substr(0, at), '\n')) {
      const size_t colon = line.find(": ");
      if (colon != std::string::npos) shown[number(line)] = is_ecommerce(line);
    }
    Json labels = Json::object();
    for (const std::string& run : str_split(prompt.substr(at + 1), ',')) {
      const std::string_view text = str_trim(run);
      const size_t dash = text.find('-');
      const uint32_t first = number(text);
      const uint32_t last = dash == std::string_view::npos ? first : number(text.substr(dash + 1));
      for (uint32_t line = first; line <= last; ++line) {
        labels[std::to_string(line)] = shown.at(line) ? 1 : 0;
      }
    }
    return labels;
  }

  static uint32_t number(std::string_view text) {
    return static_cast<uint32_t>(std::stoul(std::string(text)));
  }

  test::HttpReply bill(const std::string& prompt, const std::string& content) {
    const uint64_t prompt_tokens = prompt.size() / 4 + 10;
    const uint64_t completion_tokens = content.size() / 2 + 1;
    const Json body = {
        {"choices",
         {{{"message", {{"role", "assistant"}, {"content", content}}}, {"finish_reason", "stop"}}}},
        {"usage", {{"prompt_tokens", prompt_tokens}, {"completion_tokens", completion_tokens}}}};
    const std::scoped_lock lock(mutex_);
    ++billed_[prompt];
    billed_tokens_ += prompt_tokens + completion_tokens;
    return {.body = body.dump()};
  }

  Script script_;
  mutable std::mutex mutex_;
  std::condition_variable released_changed_;
  bool released_ = false;
  std::vector<Json> requests_;
  std::map<std::string, int> asked_;
  std::map<std::string, int> billed_;
  uint64_t billed_tokens_ = 0;
};

}  // namespace rexbert::curate
