#include "rexbert/curate/openai_labeller.h"

#include <map>

#include "curate/labelling.h"

namespace rexbert::curate {
namespace {

using test::error_of;
using test::HttpServer;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST_F(Labelling, AsksAboutLinesInTheirContext) {
  ScriptedLlm llm;
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.system_prompt = "";
  o.parameters = R"({"temperature": null, "seed": 7})";
  std::vector<LabelTask> tasks(1);
  tasks[0].document.text = "read a\nbuy b\nread c\nbuy d\nread {lines} e\n";
  tasks[0].lines = {1, 2, 4};
  OpenAiLabeller labeller(Env::posix(), o, clock);
  labeller.label(tasks);
  EXPECT_THAT(tasks[0].labels, ElementsAre(Label::kEcommerce, Label::kOther, Label::kOther));
  const std::vector<Json> requests = llm.requests();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0]["messages"][0]["content"],
            "1: read a\n2: buy b\n3: read c\n4: buy d\n5: read {lines} e\n@2-3, 5");
  EXPECT_EQ(requests[0]["model"], "scripted");
  EXPECT_EQ(requests[0]["seed"], 7);
  EXPECT_FALSE(requests[0].contains("temperature"));
  EXPECT_EQ(requests[0]["max_tokens"], 64 + 3 * 16);
  EXPECT_EQ(requests[0]["response_format"], (Json{{"type", "json_object"}}));
  const LabelStatistics s = labeller.statistics();
  EXPECT_EQ(s.requests, 1u);
  EXPECT_EQ(s.labelled_lines, 3u);
  EXPECT_EQ(s.prompt_tokens + s.completion_tokens, llm.billed_tokens());
}

// Faults of every kind, chosen by the question: some heal, some stay.
Fault every_fault(const std::string& prompt, int times) {
  const uint64_t choice = hash64(prompt) % 16;
  const bool first = times == 0;
  switch (choice) {
    case 0:
      return first ? Fault::kServerError : Fault::kNone;
    case 1:
      return first ? Fault::kTooMany : Fault::kNone;
    case 2:
      return first ? Fault::kDrop : Fault::kNone;
    case 3:
      return first ? Fault::kBrokenJson : Fault::kNone;
    case 4:
      return first ? Fault::kWrongCount : Fault::kNone;
    case 5:
      return first ? Fault::kRefusal : Fault::kNone;
    case 6:
      return Fault::kServerError;
    case 7:
      return Fault::kBrokenJson;
    case 8:
      return Fault::kRefusal;
    case 9:
      return Fault::kBadRequest;
    case 10:
      return times < 3 ? Fault::kDrop : Fault::kWrongCount;
    default:
      return Fault::kNone;
  }
}

TEST_F(Labelling, EndsEveryLineLabelledOrFailedWhateverTheWorkers) {
  std::vector<std::vector<Label>> labels;
  std::map<std::string, int> asked;
  for (const uint32_t workers : {1u, 8u}) {
    ScriptedLlm llm(every_fault);
    HttpServer server(std::ref(llm));
    OpenAiOptions o = options(server);
    o.cache = folder / std::to_string(workers);
    o.workers = workers;
    OpenAiLabeller labeller(Env::posix(), o, clock);
    std::vector<LabelTask> tasks = make_tasks(40, 11);
    labeller.label(tasks);
    const uint64_t failed = check_labels(tasks);
    const LabelStatistics s = labeller.statistics();
    EXPECT_EQ(s.failed_lines, failed);
    EXPECT_EQ(s.labelled_lines + s.failed_lines, 440u);
    EXPECT_GT(failed, 50u);
    EXPECT_LT(failed, 250u);
    EXPECT_GT(s.retries, 0u);
    EXPECT_GT(s.refusals, 0u);
    EXPECT_GT(s.unreadable_answers, 0u);
    EXPECT_GT(s.failed_requests, 0u);
    EXPECT_EQ(s.underestimated, 0u);
    // Answers that broke off count as reserved, which is more.
    EXPECT_GE(s.prompt_tokens + s.completion_tokens, llm.billed_tokens());
    if (workers == 1) {
      labels = labels_of(tasks);
      asked = llm.asked();
    } else {
      EXPECT_EQ(labels_of(tasks), labels);
      EXPECT_EQ(llm.asked(), asked);
    }
  }
}

TEST_F(Labelling, AsksOnceMoreThenFailsAndRemembers) {
  bool heal = false;
  ScriptedLlm llm(
      [&](const std::string&, int) { return heal ? Fault::kNone : Fault::kBrokenJson; });
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  std::vector<LabelTask> tasks = make_tasks(1, 3);
  {
    OpenAiLabeller labeller(Env::posix(), o, clock);
    labeller.label(tasks);
    EXPECT_EQ(check_labels(tasks), 3u);
    const LabelStatistics s = labeller.statistics();
    EXPECT_EQ(s.unreadable_answers, 2u);
    EXPECT_EQ(s.prompt_tokens + s.completion_tokens, llm.billed_tokens());
  }
  const std::vector<Json> requests = llm.requests();
  ASSERT_THAT(requests, SizeIs(2));
  EXPECT_THAT(requests[1]["messages"][1]["content"].get<std::string>(),
              HasSubstr("expected a JSON object with the labels of lines 1-3, got"));
  heal = true;
  {
    OpenAiLabeller labeller(Env::posix(), o, clock);
    labeller.label(tasks);
    EXPECT_EQ(check_labels(tasks), 3u);
    EXPECT_EQ(labeller.statistics().cached_lines, 3u);
    EXPECT_THAT(llm.requests(), SizeIs(2));
  }
  o.attempts = 3;
  OpenAiLabeller labeller(Env::posix(), o, clock);
  labeller.label(tasks);
  EXPECT_EQ(check_labels(tasks), 0u);
  EXPECT_THAT(llm.requests(), SizeIs(3));
}

TEST_F(Labelling, PaysOnceForTheSameQuestion) {
  ScriptedLlm llm;
  HttpServer server(std::ref(llm));
  std::vector<LabelTask> tasks = make_tasks(1, 8);
  tasks.push_back(tasks[0]);
  tasks[1].document.id = "copy";
  OpenAiLabeller labeller(Env::posix(), options(server), clock);
  labeller.label(tasks);
  EXPECT_EQ(check_labels(tasks), 0u);
  EXPECT_THAT(llm.requests(), SizeIs(2));
  labeller.label(tasks);
  EXPECT_THAT(llm.requests(), SizeIs(2));
  EXPECT_EQ(labeller.statistics().cached_lines, 24u);
  EXPECT_EQ(labeller.statistics().cached_requests, 6u);
}

TEST_F(Labelling, StopsAtOnceWhenTheKeyIsRefused) {
  ScriptedLlm llm([](const std::string&, int) { return Fault::kBadKey; });
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.workers = 4;
  OpenAiLabeller labeller(Env::posix(), o, clock);
  std::vector<LabelTask> tasks = make_tasks(40, 8);
  EXPECT_THAT(error_of([&] { labeller.label(tasks); }),
              AllOf(HasSubstr("labelling with scripted: POST "), HasSubstr("status 401"),
                    HasSubstr("Incorrect API key"), Not(HasSubstr("sk-test"))));
  EXPECT_LE(llm.requests().size(), 4u);
  EXPECT_EQ(check_labels(tasks), 320u);
  EXPECT_EQ(labeller.statistics().failed_lines, 320u);
  EXPECT_THAT(clock.sleeps(), IsEmpty());
}

TEST_F(Labelling, GivesUpOnAServerThatFailsAlways) {
  ScriptedLlm llm([](const std::string&, int) { return Fault::kServerError; });
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.workers = 1;
  o.failures_in_a_row = 3;
  OpenAiLabeller labeller(Env::posix(), o, clock);
  std::vector<LabelTask> tasks = make_tasks(10, 4);
  EXPECT_THAT(error_of([&] { labeller.label(tasks); }),
              HasSubstr("3 requests failed one after the other: POST "));
  EXPECT_THAT(llm.requests(), SizeIs(3 * 5));
  EXPECT_EQ(labeller.statistics().retries, 3u * 4);
}

TEST_F(Labelling, KeepsToTheRate) {
  std::vector<Clock::TimePoint> times;
  ScriptedLlm llm([&](const std::string& prompt, int count) {
    times.push_back(clock.now());
    return hash64(prompt) % 3 == 0 && count == 0 ? Fault::kServerError : Fault::kNone;
  });
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.workers = 1;
  o.requests_per_minute = 30;
  OpenAiLabeller labeller(Env::posix(), o, clock);
  std::vector<LabelTask> tasks = make_tasks(20, 8);
  labeller.label(tasks);
  EXPECT_EQ(check_labels(tasks), 0u);
  EXPECT_GT(labeller.statistics().retries, 0u);
  ASSERT_GT(times.size(), 40u);
  for (size_t i = 30; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 30], std::chrono::minutes(1)) << i;
  }
}

TEST_F(Labelling, RefusesSettingsThatCannotWork) {
  HttpServer server;
  const auto refusal = [&](auto&& change) {
    OpenAiOptions o = options(server);
    change(o);
    return error_of([&] { OpenAiLabeller(Env::posix(), o, clock); });
  };
  EXPECT_EQ(refusal([](OpenAiOptions&) {}), "no error");
  EXPECT_THAT(refusal([](OpenAiOptions& o) { o.endpoint = "localhost:8000"; }),
              HasSubstr("endpoint: expected an address"));
  EXPECT_THAT(refusal([](OpenAiOptions& o) { o.model = ""; }), HasSubstr("model: expected"));
  EXPECT_THAT(refusal([](OpenAiOptions& o) { o.api_key_variable = "REXBERT_NO_SUCH_KEY"; }),
              HasSubstr("REXBERT_NO_SUCH_KEY"));
  EXPECT_THAT(refusal([](OpenAiOptions& o) { o.prompt = "{context}"; }),
              HasSubstr("prompt: expected {lines}"));
  EXPECT_THAT(refusal([](OpenAiOptions& o) { o.parameters = "[1]"; }),
              HasSubstr("parameters: expected a JSON object"));
  EXPECT_THAT(refusal([](OpenAiOptions& o) { o.money_budget = 3; }), HasSubstr("expected a price"));
  EXPECT_THAT(refusal([](OpenAiOptions& o) { o.attempts = 0; }), HasSubstr("attempts: expected"));
}

TEST_F(Labelling, RefusesLinesThatTheDocumentLacks) {
  HttpServer server;
  OpenAiLabeller labeller(Env::posix(), options(server), clock);
  std::vector<LabelTask> tasks = make_tasks(1, 3);
  tasks[0].lines = {0, 3};
  EXPECT_THAT(error_of([&] { labeller.label(tasks); }),
              HasSubstr("document \"doc-0\": expected rising lines below 3, got 3"));
}

}  // namespace
}  // namespace rexbert::curate
