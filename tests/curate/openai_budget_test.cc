#include "curate/labelling.h"

namespace rexbert::curate {
namespace {

using test::error_of;
using test::HttpServer;
using ::testing::HasSubstr;

// Some answers cannot be read and are billed all the same.
Fault some_unreadable(const std::string& prompt, int times) {
  return hash64(prompt) % 4 == 0 && times == 0 ? Fault::kBrokenJson : Fault::kNone;
}

TEST_F(Labelling, NeverExceedsTheBudgetOfTokens) {
  for (const uint64_t budget : {300u, 1000u, 3000u, 6000u}) {
    ScriptedLlm llm(some_unreadable);
    HttpServer server(std::ref(llm));
    OpenAiOptions o = options(server);
    o.cache = folder / std::to_string(budget);
    o.token_budget = budget;
    std::vector<LabelTask> tasks = make_tasks(60, 8);
    for (int process = 0; process < 2; ++process) {
      OpenAiLabeller labeller(Env::posix(), o, clock);
      EXPECT_THAT(error_of([&] { labeller.label(tasks); }), HasSubstr("the budget is spent"));
      EXPECT_EQ(check_labels(tasks), labeller.statistics().failed_lines);
      EXPECT_EQ(labeller.statistics().labelled_lines + labeller.statistics().failed_lines, 480u);
      EXPECT_LE(llm.billed_tokens(), budget);
      EXPECT_EQ(labeller.statistics().underestimated, 0u);
    }
    // But all that fits is used: the largest request may take less than 700 tokens.
    EXPECT_GT(llm.billed_tokens() + 700, budget);
  }
}

TEST_F(Labelling, NeverExceedsTheBudgetOfMoney) {
  ScriptedLlm llm(some_unreadable);
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.prompt_price = 2;
  o.completion_price = 2;
  o.money_budget = 0.006;  // 3000 tokens
  std::vector<LabelTask> tasks = make_tasks(60, 8);
  OpenAiLabeller labeller(Env::posix(), o, clock);
  EXPECT_THAT(error_of([&] { labeller.label(tasks); }), HasSubstr("of 0.006 in money"));
  EXPECT_LE(llm.billed_tokens(), 3000u);
  EXPECT_GT(llm.billed_tokens() + 700, 3000u);
  EXPECT_NEAR(labeller.statistics().cost, static_cast<double>(llm.billed_tokens()) * 2e-6, 1e-12);
  EXPECT_EQ(labeller.report()["cost"], labeller.statistics().cost);
}

TEST_F(Labelling, CountsAnswersThatAreLostAsReserved) {
  ScriptedLlm llm([](const std::string&, int) { return Fault::kDrop; });
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.token_budget = 3000;
  o.workers = 2;
  std::vector<LabelTask> tasks = make_tasks(60, 8);
  OpenAiLabeller labeller(Env::posix(), o, clock);
  EXPECT_THAT(error_of([&] { labeller.label(tasks); }), HasSubstr("the budget is spent"));
  const LabelStatistics s = labeller.statistics();
  EXPECT_LE(s.prompt_tokens + s.completion_tokens, 3000u);
  EXPECT_GE(s.prompt_tokens + s.completion_tokens, llm.billed_tokens());
  EXPECT_EQ(s.failed_lines, 480u);
}

TEST_F(Labelling, CountsASilentServerAsReserved) {
  ScriptedLlm llm(
      [](const std::string&, int times) { return times == 0 ? Fault::kSilence : Fault::kNone; });
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.http.total_timeout = std::chrono::milliseconds(50);
  std::vector<LabelTask> tasks = make_tasks(1, 3);
  OpenAiLabeller labeller(Env::posix(), o, clock);
  labeller.label(tasks);
  llm.release();
  EXPECT_EQ(check_labels(tasks), 0u);
  EXPECT_EQ(labeller.statistics().retries, 1u);
  EXPECT_GT(labeller.statistics().prompt_tokens, llm.billed_tokens());
}

TEST_F(Labelling, PaysNothingForErrors) {
  ScriptedLlm llm([](const std::string&, int times) {
    return times == 0 ? Fault::kServerError : times == 1 ? Fault::kTooMany : Fault::kNone;
  });
  HttpServer server(std::ref(llm));
  std::vector<LabelTask> tasks = make_tasks(5, 8);
  OpenAiLabeller labeller(Env::posix(), options(server), clock);
  labeller.label(tasks);
  EXPECT_EQ(check_labels(tasks), 0u);
  const LabelStatistics s = labeller.statistics();
  EXPECT_EQ(s.prompt_tokens + s.completion_tokens, llm.billed_tokens());
  EXPECT_EQ(s.requests, 10u);
  EXPECT_EQ(s.retries, 20u);
}

}  // namespace
}  // namespace rexbert::curate
