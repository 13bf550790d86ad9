#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "curate/label_cache.h"
#include "curate/labelling.h"
#include "rexbert/core/fault_env.h"

namespace rexbert::curate {
namespace {

using test::error_of;
using test::HttpMessage;
using test::HttpReply;
using test::HttpServer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string read(const fs::path& path) { return Env::posix().read_file(path); }
void write(const fs::path& path, std::string_view contents) {
  write_synced_file(Env::posix(), path, contents);
}

// Labels in a process of its own, which the server kills when the `fatal`-th request reaches it.
void label_and_be_killed(HttpServer& server, ScriptedLlm& llm, const OpenAiOptions& options,
                         size_t fatal) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::vector<LabelTask> tasks = make_tasks(12, 8);
    OpenAiLabeller(Env::posix(), options).label(tasks);
    ::_exit(0);
  }
  std::atomic<size_t> requests = 0;
  server.start([&, child](const HttpMessage& message) {
    HttpReply reply = llm(message);
    if (++requests == fatal) ::kill(child, SIGKILL);
    return reply;
  });
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  server.stop();
}

class KilledLabelling : public Labelling, public ::testing::WithParamInterface<uint32_t> {};

TEST_P(KilledLabelling, AsksNothingTwice) {
  const uint32_t workers = GetParam();
  ScriptedLlm llm;
  OpenAiOptions o;
  {
    HttpServer server;
    o = options(server);
    o.workers = workers;
    label_and_be_killed(server, llm, o, 10);
  }
  HttpServer server(std::ref(llm));
  o.endpoint = options(server).endpoint;
  std::vector<LabelTask> tasks = make_tasks(12, 8);
  OpenAiLabeller labeller(Env::posix(), o, clock);
  labeller.label(tasks);
  EXPECT_EQ(check_labels(tasks), 0u);
  uint64_t twice = 0;
  for (const auto& [prompt, times] : llm.asked()) {
    EXPECT_LE(times, 2);
    twice += times == 2;
  }
  // Those alone that were in flight.
  EXPECT_GE(twice, 1u);
  EXPECT_LE(twice, workers);
  EXPECT_THAT(llm.asked(), SizeIs(24));
}

TEST_P(KilledLabelling, CountsWhatWasInFlightAsSpent) {
  ScriptedLlm llm;
  HttpServer server;
  OpenAiOptions o = options(server);
  o.workers = GetParam();
  label_and_be_killed(server, llm, o, 10);
  const LabelCache cache(Env::posix(), o.cache);
  EXPECT_GE(cache.spent_before().tokens(), llm.billed_tokens());
}

INSTANTIATE_TEST_SUITE_P(Workers, KilledLabelling, ::testing::Values(1u, 4u));

TEST_F(Labelling, BearsALastLineThatIsNotWhole) {
  ScriptedLlm llm;
  HttpServer server(std::ref(llm));
  OpenAiOptions o = options(server);
  o.workers = 1;
  std::vector<LabelTask> tasks = make_tasks(3, 4);
  OpenAiLabeller(Env::posix(), o, clock).label(tasks);
  const std::string whole = read(o.cache);
  const size_t last = whole.rfind('\n', whole.size() - 2) + 1;
  for (size_t size = last; size < whole.size(); size += 7) {
    write(o.cache, whole.substr(0, size));
    const size_t before = llm.requests().size();
    OpenAiLabeller(Env::posix(), o, clock).label(tasks);
    EXPECT_EQ(check_labels(tasks), 0u);
    EXPECT_EQ(llm.requests().size(), before + 1) << size;
    // Whole again: nothing is asked.
    OpenAiLabeller(Env::posix(), o, clock).label(tasks);
    EXPECT_EQ(llm.requests().size(), before + 1) << size;
  }
  for (size_t size = 0; size < whole.find('\n'); size += 7) {
    write(o.cache, whole.substr(0, size));
    OpenAiLabeller(Env::posix(), o, clock).label(tasks);
    EXPECT_EQ(read(o.cache), whole) << size;
  }
}

TEST_F(Labelling, RefusesADamagedCache) {
  HttpServer server;
  const OpenAiOptions o = options(server);
  const std::string header = "{\"format\":\"rexbert-label-cache\",\"version\":1}\n";
  const auto problem = [&](const std::string& contents) {
    write(o.cache, contents);
    return error_of([&] { OpenAiLabeller(Env::posix(), o, clock); });
  };
  EXPECT_EQ(problem(header), "no error");
  EXPECT_THAT(problem(header + "{\"key\":\n{}\n"),
              AllOf(HasSubstr("corrupt data: "), HasSubstr("cache.jsonl:2: line 1, column 8")));
  EXPECT_THAT(problem(header + "{}\n"), HasSubstr("cache.jsonl:2: record: missing"));
  EXPECT_THAT(problem(header + "{\"record\":\"x\",\"key\":\"k\",\"prompt_tokens\":1,"
                               "\"completion_tokens\":1,\"cost\":0}\n"),
              HasSubstr("cache.jsonl:2: record: unknown kind \"x\""));
  EXPECT_THAT(problem("{\"format\":\"rexbert-label-cache\",\"version\":2}\n"),
              HasSubstr("expected version 1, got 2"));
  EXPECT_THAT(problem("{\"id\":1}\n"), HasSubstr("cache.jsonl:1: format: missing"));
}

TEST_F(Labelling, HoldsItsCacheAlone) {
  HttpServer server;
  OpenAiLabeller first(Env::posix(), options(server), clock);
  EXPECT_THAT(error_of([&] { OpenAiLabeller(Env::posix(), options(server), clock); }),
              HasSubstr("another process labels with this cache"));
}

TEST_F(Labelling, AppendsNothingToHalfARecord) {
  FaultInjectionEnv env(Env::posix());
  const fs::path path = folder / "cache.jsonl";
  {
    LabelCache cache(env, path);
    cache.answered("a", {Label::kOther}, {});
    env.fail_after(1);
    EXPECT_THROW(cache.answered("b", {Label::kOther}, {}), Error);
    env.fail_after(0);
    EXPECT_THAT(error_of([&] { cache.answered("c", {Label::kOther}, {}); }),
                HasSubstr("an earlier record was not written"));
  }
  const LabelCache cache(env, path);
  EXPECT_THAT(cache.find("a").labels, SizeIs(1));
  EXPECT_THAT(cache.find("b").labels, SizeIs(0));
}

TEST_F(Labelling, StopsOnAFullDiskAndGoesOnLater) {
  for (int64_t operation = 1; operation < 40; operation += 3) {
    ScriptedLlm llm;
    HttpServer server(std::ref(llm));
    FaultInjectionEnv env(Env::posix());
    OpenAiOptions o = options(server);
    o.cache = folder / std::to_string(operation) / "cache.jsonl";
    o.workers = 3;
    std::vector<LabelTask> tasks = make_tasks(6, 8);
    env.fail_after(operation);
    EXPECT_THAT(error_of([&] { OpenAiLabeller(env, o, clock).label(tasks); }),
                HasSubstr("I/O error"))
        << operation;
    env.fail_after(0);
    env.drop_unsynced();
    OpenAiLabeller(env, o, clock).label(tasks);
    EXPECT_EQ(check_labels(tasks), 0u);
    for (const auto& [prompt, times] : llm.billed()) EXPECT_LE(times, 2);
    EXPECT_LE(llm.requests().size(), 12u + 3u) << operation;
  }
}

}  // namespace
}  // namespace rexbert::curate
