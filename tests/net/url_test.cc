#include "rexbert/net/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rexbert::net {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Url, PathsAreEncoded) {
  EXPECT_EQ(percent_encoded_path("a b/\u00e9/-._~Z9"), "a%20b/%C3%A9/-._~Z9");
  EXPECT_EQ(percent_encoded_path("/a//b%2F?#+/"), "/a//b%252F%3F%23%2B/");
  EXPECT_EQ(percent_encoded_path(""), "");
}

TEST(Url, UsersAreLeftOut) {
  EXPECT_EQ(without_user("https://user:p@ss@host:8080/a@b"), "https://host:8080/a@b");
  EXPECT_EQ(without_user("https://host?x=a@b"), "https://host?x=a@b");
  EXPECT_EQ(without_user("s3://key:secret@bucket/key"), "s3://bucket/key");
  EXPECT_FALSE(user_problem("https://host/a@b"));
  EXPECT_FALSE(user_problem("s3://bucket/a@b"));
  EXPECT_THAT(user_problem("https://user:secret@host/a").value_or(""),
              AllOf(HasSubstr("got one of https://host/a: ~/.netrc"), Not(HasSubstr("secret"))));
  EXPECT_THAT(user_problem("s3://AKID:secret@bucket/a").value_or(""),
              AllOf(HasSubstr("AWS_ACCESS_KEY_ID"), Not(HasSubstr("secret"))));
}

}  // namespace
}  // namespace rexbert::net
