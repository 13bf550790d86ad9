#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "curate/label_answer.h"
#include "curate/label_budget.h"
#include "curate/label_prompt.h"
#include "curate/rate_limiter.h"
#include "rexbert/core/json.h"
#include "support/fake_clock.h"

namespace rexbert::curate {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const OpenAiOptions kSmall = {
    .lines_per_request = 3, .bytes_per_request = 20, .context_bytes = 10, .line_bytes = 8};

TEST(LabelPrompt, CutsByLinesBytesAndGaps) {
  const std::vector<std::string_view> lines(20, "12345");
  const auto ends = [&](std::vector<uint32_t> asked, const OpenAiOptions& options = kSmall) {
    return cut_into_requests(lines, asked, options);
  };
  EXPECT_THAT(ends({}), IsEmpty());
  EXPECT_THAT(ends({0, 1, 2, 3, 4, 5, 6}), ElementsAre(3, 6, 7));
  EXPECT_THAT(ends({0, 3, 4}), ElementsAre(3));  // two lines between are 10 bytes
  EXPECT_THAT(ends({0, 4, 5}), ElementsAre(1, 3));
  EXPECT_THAT(ends({0, 2, 4}), ElementsAre(3));
  OpenAiOptions narrow = kSmall;
  narrow.bytes_per_request = 10;
  EXPECT_THAT(ends({0, 1, 2}, narrow), ElementsAre(2, 3));
  narrow.bytes_per_request = 1;
  EXPECT_THAT(ends({0, 1, 2}, narrow), ElementsAre(1, 2, 3));
}

TEST(LabelPrompt, ShowsWhatStandsAround) {
  const std::vector<std::string_view> lines = {"aaaa", "bbbb", "cccc", "dddd", "eeee"};
  const auto context = [&](std::vector<uint32_t> asked) {
    return render_context(lines, asked, kSmall);
  };
  EXPECT_EQ(context({2}), "...\n2: bbbb\n3: cccc\n4: dddd\n...\n");
  EXPECT_EQ(context({0}), "1: aaaa\n2: bbbb\n3: cccc\n...\n");
  EXPECT_EQ(context({1, 3}), "1: aaaa\n2: bbbb\n3: cccc\n4: dddd\n...\n");
  const std::vector<std::string_view> long_lines = {"x", "1234567\xC3\xA9 and more"};
  EXPECT_EQ(render_context(long_lines, std::vector<uint32_t>{1}, kSmall),
            "1: x\n2: 1234567 [...]\n");
}

TEST(LabelPrompt, NamesLinesFromOne) {
  EXPECT_EQ(render_numbers(std::vector<uint32_t>{0}), "1");
  EXPECT_EQ(render_numbers(std::vector<uint32_t>{0, 1, 2, 7, 9, 10}), "1-3, 8, 10-11");
}

TEST(LabelPrompt, FillsEachPlaceOnce) {
  const Document document = {.text = "{lines} {url}", .url = "https://example.org/{context}"};
  OpenAiOptions options{.model = "m", .prompt = "{url}|{context}|{lines}|{\"1\": 0}"};
  const auto lines = split_lines(document.text);
  const Json question = make_question(document, lines, std::vector<uint32_t>{0}, options);
  EXPECT_EQ(question["messages"][1]["content"],
            "https://example.org/{context}|1: {lines} {url}\n|1|{\"1\": 0}");
  OpenAiOptions other = options;
  other.completion_tokens_per_line = 99;  // changes no answer, and so not the key
  other.workers = 3;
  const std::vector<uint32_t> asked = {0};
  EXPECT_EQ(question_key(make_question(document, lines, asked, other)), question_key(question));
  other.model = "n";
  EXPECT_NE(question_key(make_question(document, lines, asked, other)), question_key(question));
}

std::string completion(const std::string& content, const char* finish = "stop") {
  return Json{{"choices", {{{"message", {{"content", content}}}, {"finish_reason", finish}}}},
              {"usage", {{"prompt_tokens", 11}, {"completion_tokens", 5}}}}
      .dump();
}

Answer read(const std::string& body) { return read_answer(body, std::vector<uint32_t>{1, 4}); }

TEST(LabelAnswer, TakesOneLabelForEachLine) {
  const Answer answer = read(completion(" {\"5\": 0, \"2\": 1}\n"));
  EXPECT_THAT(answer.labels, ElementsAre(Label::kEcommerce, Label::kOther));
  EXPECT_EQ(answer.problem, "");
  EXPECT_EQ(answer.usage, std::pair(uint64_t{11}, uint64_t{5}));
}

TEST(LabelAnswer, TakesNothingElse) {
  for (const char* content :
       {"", "[1, 0]", "{}", "{\"2\": 1}", "{\"2\": 1, \"5\": 2}", "{\"2\": 1, \"5\": \"0\"}",
        "{\"2\": 1, \"5\": true}", "{\"2\": 1, \"5\": null}", "{\"2\": 1, \"5\": 0, \"6\": 0}",
        "{\"2\": 1, \"5\": 0, \"5\": 1}", "{\"2\": 1, \"5\": 0} as you wished",
        "```json\n{\"2\": 1, \"5\": 0}\n```", "{\"2\": 1, \"5\": 0.0}", "{\"2\": 1, \"5\""}) {
    const Answer answer = read(completion(content));
    EXPECT_THAT(answer.labels, IsEmpty()) << content;
    EXPECT_THAT(answer.problem, HasSubstr("expected a JSON object with the labels of lines 2, 5"))
        << content;
    EXPECT_FALSE(answer.refusal) << content;
    EXPECT_TRUE(answer.usage.has_value()) << content;
  }
  for (const char* body : {"", "{", "null", "[]", "{}", "{\"choices\": []}", "{\"choices\": [1]}",
                           "{\"choices\": [{\"message\": {\"content\": null}}]}",
                           "{\"choices\": {}, \"usage\": {\"prompt_tokens\": -1}}"}) {
    const Answer answer = read(body);
    EXPECT_EQ(answer.problem, "no message came") << body;
    EXPECT_FALSE(answer.usage.has_value()) << body;
  }
  EXPECT_EQ(read(completion("{\"2\": 1, \"5\": 0}", "length")).problem,
            "the answer was longer than its limit");
}

TEST(LabelAnswer, SeesRefusals) {
  EXPECT_TRUE(read(completion("I'm sorry, I can't label that.")).refusal);
  EXPECT_TRUE(read(completion("", "content_filter")).refusal);
  EXPECT_TRUE(
      read("{\"choices\": [{\"message\": {\"content\": null, \"refusal\": \"no\"}}]}").refusal);
  EXPECT_FALSE(
      read("{\"choices\": [{\"message\": {\"content\": \"\", \"refusal\": null}}]}").refusal);
}

TEST(LabelBudget, LendsNoMoreThanThereIs) {
  const Spending ten = {.prompt_tokens = 8, .completion_tokens = 2, .cost = 1};
  LabelBudget budget(25, 0, {.prompt_tokens = 5});
  EXPECT_TRUE(budget.reserve(ten));
  EXPECT_TRUE(budget.reserve(ten));
  std::thread waiting([&] { EXPECT_TRUE(budget.reserve(ten)); });
  budget.settle(ten, {.prompt_tokens = 1});
  budget.settle(ten, {.prompt_tokens = 9});
  waiting.join();
  budget.settle(ten, {.prompt_tokens = 1});
  EXPECT_EQ(budget.spent().tokens(), 16u);
  EXPECT_FALSE(budget.reserve(ten));  // nobody holds anything
  LabelBudget stopped(10, 0, {});
  EXPECT_TRUE(stopped.reserve(ten));
  std::thread released([&] { EXPECT_FALSE(stopped.reserve(ten)); });
  stopped.stop();
  released.join();
  LabelBudget money(0, 1.5, {});
  EXPECT_TRUE(money.reserve(ten));
  money.settle(ten, ten);
  EXPECT_FALSE(money.reserve(ten));
}

TEST(RateLimiter, SpacesTurnsEvenlyForAllThreads) {
  test::FakeClock clock;
  RateLimiter limiter(120, clock);
  std::mutex mutex;
  const Clock::TimePoint start = clock.now();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) limiter.acquire();
    });
  }
  for (std::thread& thread : threads) thread.join();
  // The first turn is at once.
  EXPECT_EQ(clock.now() - start, std::chrono::milliseconds(99 * 500));
  RateLimiter none(0, clock);
  none.acquire();
  none.acquire();
  EXPECT_EQ(clock.now() - start, std::chrono::milliseconds(99 * 500));
}

}  // namespace
}  // namespace rexbert::curate
