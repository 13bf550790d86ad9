#include "rexbert/net/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/errors.h"
#include "support/fake_clock.h"
#include "support/http_server.h"

namespace rexbert::net {
namespace {

using test::error_of;
using test::HttpMessage;
using test::HttpReply;
using test::HttpServer;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Http, SendsEveryMethodWithHeadersAndBody) {
  HttpServer server([](const HttpMessage& message) -> HttpReply {
    return {
        .headers = {{"X-Seen", message.method + " " + message.target + " " +
                                   message.header("x-one") + "|" + message.header("content-type")}},
        .body = message.body};
  });
  Client client;
  const auto seen = [&](Method method, std::string_view body, const char* expected_body) {
    const Response response = client.fetch(
        {.method = method, .url = server.url("/a?b=c"), .headers = {{"X-One", "1"}}, .body = body});
    EXPECT_EQ(response.body, expected_body);
    return std::string(response.header("x-seen"));
  };
  EXPECT_EQ(seen(Method::kGet, "", ""), "GET /a?b=c 1|");
  EXPECT_EQ(seen(Method::kHead, "", ""), "HEAD /a?b=c 1|");
  EXPECT_EQ(seen(Method::kPut, "put", "put"), "PUT /a?b=c 1|");
  EXPECT_EQ(seen(Method::kPost, "post", "post"), "POST /a?b=c 1|");
  EXPECT_EQ(seen(Method::kPost, "", ""), "POST /a?b=c 1|");
  EXPECT_EQ(seen(Method::kDelete, "", ""), "DELETE /a?b=c 1|");
  const std::string large(3 << 20, 'x');  // libcurl waits for "100 Continue" before it
  EXPECT_EQ(client.fetch({.method = Method::kPut, .url = server.url("/"), .body = large}).body,
            large);
  EXPECT_EQ(server.connections(), 1u);
}

TEST(Http, ReadsRanges) {
  const std::string whole = "0123456789";
  std::atomic<bool> ranges = true;
  HttpServer server([&](const HttpMessage& message) -> HttpReply {
    if (!ranges) return {.body = whole};
    if (message.header("range") == "bytes=20-20") return {.status = 416};
    EXPECT_EQ(message.header("range"), "bytes=2-4");
    return {
        .status = 206, .headers = {{"Content-Range", "bytes 2-4/10"}}, .body = whole.substr(2, 3)};
  });
  Client client;
  const auto get = [&](uint64_t offset, uint64_t length) {
    return client
        .fetch({.url = server.url("/f"), .range = ByteRange{.offset = offset, .length = length}})
        .body;
  };
  EXPECT_EQ(get(2, 3), "234");
  EXPECT_THAT(error_of([&] { get(20, 1); }), HasSubstr("corrupt data: GET "));
  EXPECT_THAT(error_of([&] { get(2, 0); }), HasSubstr("expected a range of bytes"));
  ranges = false;
  EXPECT_THAT(error_of([&] { get(2, 3); }), HasSubstr("expected status 206"));
}

TEST(Http, FollowsRedirectsAndKeepsTheLastHeaders) {
  HttpServer server([](const HttpMessage& message) -> HttpReply {
    if (message.target == "/loop") return {.status = 302, .headers = {{"Location", "/loop"}}};
    if (message.target == "/a") {
      return {.status = 307, .headers = {{"Location", "/b"}, {"X-Of", "a"}}, .body = "moved"};
    }
    return {.headers = {{"X-Of", "b"}}, .body = message.method + message.body};
  });
  Client client;
  const Response response =
      client.fetch({.method = Method::kPost, .url = server.url("/a"), .body = "x"});
  EXPECT_EQ(response.body, "POSTx");
  EXPECT_EQ(response.header("X-Of"), "b");
  EXPECT_THAT(error_of([&] { client.fetch({.url = server.url("/loop")}); }),
              HasSubstr("redirects"));
  Client stays({.max_redirects = 0});
  EXPECT_EQ(stays.send({.url = server.url("/a")}).status, 307);
}

TEST(Http, ErrorsNameUrlStatusAndBodyButNoSecret) {
  HttpServer server([](const HttpMessage& message) -> HttpReply {
    if (message.target == "/none") return {.status = 404};
    return {.status = 401,
            .body = "bad key: " + message.header("authorization").substr(7) + " in " +
                    message.header("authorization")};
  });
  Client client;
  const std::vector<Header> headers = {{"Authorization", "Bearer sk-very-secret"}};
  std::string address = server.url("/v1?sig=secret-too");
  address.insert(7, "user:password@");
  const std::string error = error_of([&] { client.fetch({.url = address, .headers = headers}); });
  EXPECT_EQ(error,
            "I/O error: GET " + server.url("/v1") + "?...: status 401: \"bad key: *** in ***\"");
  EXPECT_THAT(error_of([&] { client.fetch({.url = server.url("/none")}); }),
              HasSubstr("not found: GET " + server.url("/none") + ": status 404"));
  EXPECT_EQ(client.send({.url = server.url("/none")}).status, 404);
}

TEST(Http, RefusesWhatCannotBeSent) {
  Client client({.max_attempts = 1});
  const std::string error = error_of(
      [&] { client.send({.url = "http://127.0.0.1:1/", .headers = {{"X-One", "se\r\ncret"}}}); });
  EXPECT_THAT(error, HasSubstr("header \"X-One\""));
  EXPECT_THAT(error, Not(HasSubstr("cret\"")));
  EXPECT_THAT(error_of([&] { client.send({.url = "file:///etc/passwd"}); }),
              HasSubstr("I/O error: GET file:///etc/passwd"));
}

TEST(Http, SpeaksTlsToHttps) {
  HttpServer server([](const HttpMessage&) -> HttpReply { return {}; });
  Client client({.max_attempts = 1});
  std::string url = server.url("/");
  url.replace(0, 5, "https:");
  EXPECT_THAT(error_of([&] { client.send({.url = url}); }), HasSubstr("SSL"));
}

TEST(Http, LimitsABodyInMemory) {
  HttpServer server(
      [](const HttpMessage&) -> HttpReply { return {.body = std::string(101, 'x')}; });
  Client client({.max_body_bytes = 100});
  EXPECT_THAT(error_of([&] { client.send({.url = server.url("/")}); }),
              HasSubstr("expected a body of at most 100 bytes"));
}

TEST(Http, ServesManyThreadsOverKeptConnections) {
  HttpServer server(
      [](const HttpMessage& message) -> HttpReply { return {.body = message.target}; });
  Client client;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string path = "/" + std::to_string(t) + "/" + std::to_string(i);
        EXPECT_EQ(client.fetch({.url = server.url(path)}).body, path);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(server.connections(), 8u);
}

}  // namespace
}  // namespace rexbert::net
