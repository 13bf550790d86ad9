#include "rexbert/core/units.h"

#include <gtest/gtest.h>

#include <limits>

namespace rexbert {
namespace {

constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(Units, CountsAreExact) {
  EXPECT_EQ(parse_count("0"), 0);
  EXPECT_EQ(parse_count("4608"), 4608);
  EXPECT_EQ(parse_count("-5"), -5);
  EXPECT_EQ(parse_count("12k"), 12'000);
  EXPECT_EQ(parse_count("1.7T"), 1'700'000'000'000);
  EXPECT_EQ(parse_count("50B"), 50'000'000'000);
  EXPECT_EQ(parse_count("50G"), 50'000'000'000);
  EXPECT_EQ(parse_count("10M"), 10'000'000);
  EXPECT_EQ(parse_count("0.000000000001T"), 1);
  EXPECT_EQ(parse_count("3e9"), 3'000'000'000);
  EXPECT_EQ(parse_count("3E+9"), 3'000'000'000);
  EXPECT_EQ(parse_count("1.7e12"), 1'700'000'000'000);
  EXPECT_EQ(parse_count("2.0"), 2);
  EXPECT_EQ(parse_count("9223372036854775807"), kMax);
  // A double does not hold this number.
  EXPECT_EQ(parse_count("9.007199254740993e15"), 9'007'199'254'740'993);
}

TEST(Units, WhatIsNoWholeCountIsRefused) {
  for (const char* text : {"",
                           "-",
                           "k",
                           ".",
                           "1.",
                           ".5",
                           "1.5",
                           "1.0005k",
                           "1e-5",
                           "1e",
                           "e5",
                           "1e19",
                           "12 k",
                           " 1",
                           "1k ",
                           "1kk",
                           "1_000",
                           "1,000",
                           "0x10",
                           "inf",
                           "nan",
                           "+1",
                           "--1",
                           "1e5k",
                           "1.7 T",
                           "1K",
                           "9223372036854775808",
                           "9223372036854775.808k",
                           "10000000T",
                           "99999999999999999999"}) {
    EXPECT_EQ(parse_count(text), std::nullopt) << text;
  }
}

TEST(Units, Bytes) {
  EXPECT_EQ(parse_bytes("512"), 512);
  EXPECT_EQ(parse_bytes("512B"), 512);
  EXPECT_EQ(parse_bytes("64MiB"), int64_t{64} << 20);
  EXPECT_EQ(parse_bytes("64 MiB"), int64_t{64} << 20);
  EXPECT_EQ(parse_bytes("1.5KiB"), 1536);
  EXPECT_EQ(parse_bytes("200GiB"), int64_t{200} << 30);
  EXPECT_EQ(parse_bytes("2TiB"), int64_t{2} << 40);
  EXPECT_EQ(parse_bytes("1kB"), 1000);
  EXPECT_EQ(parse_bytes("67MB"), 67'000'000);
  EXPECT_EQ(parse_bytes("4GB"), 4'000'000'000);
  EXPECT_EQ(parse_bytes("1TB"), 1'000'000'000'000);
  for (const char* text : {"", "B", "MiB", "64mb", "64M", "1.1KiB", "1 2MiB", "9000000TiB"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(Units, FormatCount) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(4608), "4,608");
  EXPECT_EQ(format_count(-4608), "-4,608");
  EXPECT_EQ(format_count(-3), "-3");
  EXPECT_EQ(format_count(9999), "9,999");
  EXPECT_EQ(format_count(10'000), "10k");
  EXPECT_EQ(format_count(12'345'678), "12.35M");
  EXPECT_EQ(format_count(999'940), "999.9k");
  EXPECT_EQ(format_count(999'999), "1M");
  EXPECT_EQ(format_count(350'000'000'000), "350B");
  EXPECT_EQ(format_count(1'700'000'000'000), "1.7T");
  EXPECT_EQ(format_count(-1'700'000'000'000), "-1.7T");
}

TEST(Units, FormatBytesAndDuration) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(uint64_t{3} << 40), "3.0 TiB");
  EXPECT_EQ(format_duration(4.21), "4.2 s");
  EXPECT_EQ(format_duration(59.97), "1:00");
  EXPECT_EQ(format_duration(725), "12:05");
  EXPECT_EQ(format_duration(3599.7), "1:00:00");
  EXPECT_EQ(format_duration(11'232), "3:07:12");
  EXPECT_EQ(format_duration(360'000), "100:00:00");
}

}  // namespace
}  // namespace rexbert
