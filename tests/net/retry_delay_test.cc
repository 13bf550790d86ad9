#include "net/retry_delay.h"

#include <gtest/gtest.h>

namespace rexbert::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Response with(std::vector<Header> headers) {
  return {.status = 503, .headers = std::move(headers)};
}

TEST(RetryAfter, IsSecondsOrADate) {
  EXPECT_EQ(retry_after(with({})), std::nullopt);
  EXPECT_EQ(retry_after(with({{"retry-after", "7"}})), seconds(7));
  EXPECT_EQ(retry_after(with({{"Retry-After", "-7"}})), std::nullopt);
  EXPECT_EQ(retry_after(with({{"Retry-After", "soon"}})), std::nullopt);
  const Header date = {"Date", "Wed, 21 Oct 2015 07:28:00 GMT"};
  EXPECT_EQ(retry_after(with({{"Retry-After", "Wed, 21 Oct 2015 07:29:30 GMT"}, date})),
            seconds(90));
  EXPECT_EQ(retry_after(with({{"Retry-After", "Wed, 21 Oct 2015 07:27:00 GMT"}, date})),
            seconds(0));
  EXPECT_EQ(retry_after(with({{"Retry-After", "Wed, 21 Oct 2015 07:29:30 GMT"}})), std::nullopt);
}

TEST(Backoff, DoublesUpToTheLimitAndIsSpread) {
  const Options options{.initial_delay = milliseconds(1000), .max_delay = milliseconds(5000)};
  for (int attempt = 1; attempt <= 80; ++attempt) {
    const int64_t whole = attempt < 4 ? 1000 << (attempt - 1) : 5000;
    const milliseconds delay = backoff(options, 3, attempt);
    EXPECT_GE(delay.count(), whole / 2) << attempt;
    EXPECT_LE(delay.count(), whole) << attempt;
    EXPECT_EQ(backoff(options, 3, attempt), delay);
  }
  EXPECT_NE(backoff(options, 3, 1), backoff(options, 4, 1));
  Options other = options;
  other.seed = 1;
  EXPECT_NE(backoff(options, 3, 1), backoff(other, 3, 1));
}

TEST(Status, OfWhichATryMoreMayHelp) {
  for (const int status : {408, 429, 500, 502, 503, 504, 529}) {
    EXPECT_TRUE(is_transient_status(status)) << status;
  }
  for (const int status : {200, 206, 301, 400, 401, 403, 404, 409, 416, 422, 501, 505}) {
    EXPECT_FALSE(is_transient_status(status)) << status;
  }
}

}  // namespace
}  // namespace rexbert::net
