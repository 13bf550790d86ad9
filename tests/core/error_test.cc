#include "rexbert/core/error.h"

#include <gtest/gtest.h>

namespace rexbert {
namespace {

TEST(Error, ChainsItsContextsOutermostFirst) {
  Error error(ErrorCode::kCorrupt, "offset 12: expected 34 samples, got 33");
  error.add_context("shard.00001.mds").add_context("stream general");
  EXPECT_STREQ(error.what(),
               "stream general: shard.00001.mds: offset 12: expected 34 samples, got 33");
  EXPECT_EQ(error.message(), "offset 12: expected 34 samples, got 33");
  EXPECT_EQ(error.contexts(), (std::vector<std::string>{"shard.00001.mds", "stream general"}));
  EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
}

TEST(Error, WithContextReturnsTheResultAndAddsToErrorsOnly) {
  EXPECT_EQ(with_context("unused", [] { return 7; }), 7);
  int value = 3;
  int& same = with_context("unused", [&]() -> int& { return value; });
  EXPECT_EQ(&same, &value);

  const auto fail = [] { throw Error(ErrorCode::kIo, "disk full"); };
  try {
    with_context("outer", [&] { with_context("inner", fail); });
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "outer: inner: disk full");
  }
  EXPECT_THROW(with_context("unused", [] { throw std::bad_alloc(); }), std::bad_alloc);
}

TEST(Error, CodesAreTheExitStatusesOfTheCommand) {
  EXPECT_EQ(static_cast<int>(ErrorCode::kInternal), 1);
  EXPECT_EQ(static_cast<int>(ErrorCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ErrorCode::kConfig), 3);
  EXPECT_EQ(static_cast<int>(ErrorCode::kNotFound), 4);
  EXPECT_EQ(static_cast<int>(ErrorCode::kIo), 5);
  EXPECT_EQ(static_cast<int>(ErrorCode::kCorrupt), 6);
  EXPECT_EQ(static_cast<int>(ErrorCode::kIncompatible), 7);
  EXPECT_EQ(static_cast<int>(ErrorCode::kNumeric), 8);
  EXPECT_EQ(static_cast<int>(ErrorCode::kPeer), 9);
  EXPECT_EQ(static_cast<int>(ErrorCode::kInterrupted), 130);
  EXPECT_EQ(to_string(ErrorCode::kNumeric), "numeric error");
}

}  // namespace
}  // namespace rexbert
