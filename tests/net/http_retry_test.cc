#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>

#include "rexbert/net/http.h"
#include "support/errors.h"
#include "support/fake_clock.h"
#include "support/http_server.h"

namespace rexbert::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::error_of;
using test::FakeClock;
using test::HttpMessage;
using test::HttpReply;
using test::HttpServer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Answers with one reply after the other, then with the last one.
HttpServer::Handler script(std::vector<HttpReply> replies, std::atomic<size_t>& asked) {
  return [replies = std::move(replies), &asked](const HttpMessage&) {
    return replies[std::min(asked++, replies.size() - 1)];
  };
}

class CollectingSink final : public BodySink {
 public:
  void begin() override {
    ++begun;
    body.clear();
  }
  void write(std::string_view data) override { body += data; }

  int begun = 0;
  std::string body;
};

TEST(HttpRetry, RepeatsWhatMayHeal) {
  std::atomic<size_t> asked = 0;
  HttpServer server(script({{.status = 500},
                            {.status = 429, .headers = {{"Retry-After", "40"}}},
                            {.body = "0123456789", .cut = 4},
                            {.body = "done"}},
                           asked));
  FakeClock clock;
  Client client({}, clock);
  std::vector<std::string> retries;
  const Response response = client.fetch({.method = Method::kPost,
                                          .url = server.url("/"),
                                          .body = "x",
                                          .on_retry = [&](const Retry& retry) {
                                            retries.push_back(std::to_string(retry.attempt) + " " +
                                                              std::to_string(retry.status) + " " +
                                                              (retry.reached ? "reached" : ""));
                                          }});
  EXPECT_EQ(response.body, "done");
  EXPECT_EQ(response.attempts, 4);
  EXPECT_EQ(asked, 4u);
  EXPECT_THAT(retries, ElementsAre("1 500 ", "2 429 ", "3 0 reached"));
  const auto sleeps = clock.sleeps();
  ASSERT_THAT(sleeps, SizeIs(3));
  EXPECT_GE(sleeps[0], milliseconds(250));
  EXPECT_LE(sleeps[0], milliseconds(500));
  EXPECT_EQ(sleeps[1], seconds(40));
  EXPECT_GE(sleeps[2], milliseconds(1000));
  EXPECT_LE(sleeps[2], milliseconds(2000));
}

TEST(HttpRetry, EndsWithTheLastAnswer) {
  std::atomic<size_t> asked = 0;
  HttpServer server(script({{.status = 503, .body = "overloaded"}}, asked));
  FakeClock clock;
  Client client({.max_attempts = 3}, clock);
  EXPECT_THAT(error_of([&] { client.fetch({.url = server.url("/")}); }),
              HasSubstr("status 503 at attempt 3: \"overloaded\""));
  EXPECT_EQ(asked, 3u);
}

TEST(HttpRetry, DoesNotRepeatWhatIsWrong) {
  std::atomic<size_t> asked = 0;
  HttpServer server(script({{.status = 400}}, asked));
  FakeClock clock;
  Client client({}, clock);
  EXPECT_EQ(client.send({.url = server.url("/")}).status, 400);
  EXPECT_EQ(asked, 1u);
}

TEST(HttpRetry, DoesNotWaitForAServerThatWantsItTooLong) {
  std::atomic<size_t> asked = 0;
  HttpServer server(script({{.status = 429, .headers = {{"Retry-After", "301"}}}}, asked));
  FakeClock clock;
  Client client({}, clock);
  EXPECT_EQ(client.send({.url = server.url("/")}).status, 429);
  EXPECT_EQ(asked, 1u);
}

TEST(HttpRetry, SaysWhenThereIsNoServer) {
  std::string url;
  {
    HttpServer server;
    url = server.url("/");
  }
  FakeClock clock;
  Client client({.max_attempts = 3}, clock);
  std::vector<bool> reached;
  EXPECT_THAT(error_of([&] {
                client.send({.url = url, .on_retry = [&](const Retry& retry) {
                               reached.push_back(retry.reached);
                             }});
              }),
              HasSubstr("(attempt 3 of 3)"));
  EXPECT_THAT(reached, ElementsAre(false, false));
}

TEST(HttpRetry, ACallbackStops) {
  std::atomic<size_t> asked = 0;
  HttpServer server(script({{.status = 500}}, asked));
  FakeClock clock;
  Client client({}, clock);
  EXPECT_THROW(client.send({.url = server.url("/"),
                            .on_retry = [](const Retry&) { throw std::runtime_error("no"); }}),
               std::runtime_error);
  EXPECT_EQ(asked, 1u);
}

TEST(HttpRetry, ASinkBeginsAgain) {
  std::atomic<size_t> asked = 0;
  HttpServer server(script({{.status = 500, .body = "not for the sink"},
                            {.body = "0123456789", .cut = 4},
                            {.body = "0123456789"}},
                           asked));
  FakeClock clock;
  Client client({}, clock);
  CollectingSink sink;
  const Response response = client.fetch({.url = server.url("/"), .sink = &sink});
  EXPECT_EQ(sink.body, "0123456789");
  EXPECT_EQ(sink.begun, 2);
  EXPECT_EQ(response.body, "");
}

TEST(HttpRetry, GivesUpOnAServerThatIsSilent) {
  std::promise<void> over;
  const std::shared_future<void> wait = over.get_future().share();
  HttpServer server([&](const HttpMessage&) -> HttpReply {
    wait.wait();
    return {};
  });
  FakeClock clock;
  Client client({.total_timeout = milliseconds(50), .max_attempts = 2}, clock);
  std::vector<bool> reached;
  EXPECT_THAT(error_of([&] {
                client.send({.url = server.url("/"), .on_retry = [&](const Retry& retry) {
                               reached.push_back(retry.reached);
                             }});
              }),
              HasSubstr("timed out"));
  EXPECT_THAT(reached, ElementsAre(true));
  over.set_value();
}

}  // namespace
}  // namespace rexbert::net
