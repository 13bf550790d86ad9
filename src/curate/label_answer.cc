#include "curate/label_answer.h"

#include <algorithm>
#include <array>

#include "curate/label_prompt.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

// Null where there is none.
Json member(const Json& json, const char* name) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(name);
  return found == json.end() ? Json() : *found;
}

// The members at the top, each once, or nothing.
Json parse_strictly(std::string_view text) {
  size_t keys = 0;
  const auto count_keys = [&](int depth, Json::parse_event_t event, Json&) {
    if (depth == 1 && event == Json::parse_event_t::key) ++keys;
    return true;
  };
  Json json = Json::parse(text, count_keys, false);
  if (!json.is_object() || json.size() != keys) return nullptr;
  return json;
}

std::optional<std::pair<uint64_t, uint64_t>> usage_of(const Json& response) {
  const Json usage = member(response, "usage");
  const Json prompt = member(usage, "prompt_tokens");
  const Json completion = member(usage, "completion_tokens");
  if (!prompt.is_number_unsigned() || !completion.is_number_unsigned()) return {};
  return std::pair(prompt.get<uint64_t>(), completion.get<uint64_t>());
}

// Servers without a field for it decline in the text.
bool declines(std::string_view text) {
  constexpr std::array<std::string_view, 6> kBeginnings = {"I'm sorry", "I’m sorry", "Sorry",
                                                           "I can't",   "I can’t",   "I cannot"};
  return std::any_of(kBeginnings.begin(), kBeginnings.end(),
                     [&](std::string_view beginning) { return text.starts_with(beginning); });
}

void read_labels(std::string_view text, std::span<const uint32_t> asked, Answer& answer) {
  const Json json = parse_strictly(text);
  const std::string expected =
      str_cat("expected a JSON object with the labels of lines ", render_numbers(asked), ", got ");
  if (json.is_null()) {
    answer.problem = expected + str_quote(text);
    return;
  }
  std::vector<Label> labels;
  for (const uint32_t line : asked) {
    const std::string number = std::to_string(line + 1);
    const Json label = member(json, number.c_str());
    if (!label.is_number_integer() || (label != 0 && label != 1)) {
      answer.problem = str_cat(expected, label.is_null() ? "none" : str_quote(label.dump()),
                               " for line ", number);
      return;
    }
    labels.push_back(Label(label.get<int8_t>()));
  }
  if (json.size() != asked.size()) {
    answer.problem = str_cat(expected, json.size(), " labels");
    return;
  }
  answer.labels = std::move(labels);
}

}  // namespace

Answer read_answer(std::string_view body, std::span<const uint32_t> asked) {
  Answer answer;
  const Json response = Json::parse(body, nullptr, false);
  answer.usage = usage_of(response);
  const Json choices = member(response, "choices");
  const Json choice = choices.is_array() && !choices.empty() ? choices.front() : Json();
  const Json message = member(choice, "message");
  const Json content = member(message, "content");
  const Json refusal = member(message, "refusal");
  const Json finish = member(choice, "finish_reason");
  const std::string_view text =
      content.is_string() ? str_trim(content.get_ref<const std::string&>()) : std::string_view();
  if ((refusal.is_string() && refusal != "") || finish == "content_filter" || declines(text)) {
    answer.refusal = true;
    answer.problem = "refusal";
  } else if (finish == "length") {
    answer.problem = "the answer was longer than its limit";
  } else if (!content.is_string()) {
    answer.problem = "no message came";
  } else {
    read_labels(text, asked, answer);
  }
  return answer;
}

}  // namespace rexbert::curate
