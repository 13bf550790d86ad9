#include <cmath>
#include <limits>

#include "shard/shard_test_util.h"

namespace rexbert::shard {
namespace {

std::string encoded(std::string_view encoding, const Value& value) {
  std::string out;
  Encoding::parse(encoding).encode(value, out);
  return out;
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

std::string encode_error(std::string_view encoding, const Value& value) {
  return error_of([&] { encoded(encoding, value); }, ErrorCode::kUsage);
}

std::string decode_error(std::string_view encoding, std::string_view data,
                         ErrorCode code = ErrorCode::kCorrupt) {
  return error_of([&] { Encoding::parse(encoding).decode(data); }, code);
}

// Expected bytes were taken from the reference (mds_encode).
TEST(Encoding, BytesOfTheReference) {
  EXPECT_EQ(encoded("int", int64_t{-2}), bytes({0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}));
  EXPECT_EQ(encoded("uint16", int64_t{513}), bytes({1, 2}));
  EXPECT_EQ(encoded("uint64", std::numeric_limits<uint64_t>::max()), std::string(8, '\xff'));
  EXPECT_EQ(encoded("float16", 1.5), bytes({0x00, 0x3e}));
  EXPECT_EQ(encoded("float16", 65504.0), bytes({0xff, 0x7b}));
  EXPECT_EQ(encoded("float16", 65520.0), bytes({0x00, 0x7c}));
  EXPECT_EQ(encoded("float16", 5.960464477539063e-08), bytes({0x01, 0x00}));
  EXPECT_EQ(encoded("float16", 6.0975551605224609e-05), bytes({0xff, 0x03}));
  EXPECT_EQ(encoded("float16", 2049.0), bytes({0x00, 0x68}));
  EXPECT_EQ(encoded("float16", 2051.0), bytes({0x02, 0x68}));
  EXPECT_EQ(encoded("float32", 1.0), bytes({0, 0, 0x80, 0x3f}));
  EXPECT_EQ(encoded("str_int", int64_t{-12}), "-12");
  EXPECT_EQ(encoded("str_decimal", std::string("1.50")), "1.50");
  EXPECT_EQ(encoded("json", Json::parse(R"({"a": [1, 2.0, "\u00e9\u007f"], "b": null})")),
            R"({"a": [1, 2.0, "\u00e9\u007f"], "b": null})");
}

TEST(Encoding, FloatsAsPythonWritesThem) {
  const std::vector<std::pair<double, std::string>> cases = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {0.1, "0.1"},
      {1e15, "1000000000000000.0"},
      {1e16, "1e+16"},
      {1.5e16, "1.5e+16"},
      {1e-4, "0.0001"},
      {1e-5, "1e-05"},
      {-123.25, "-123.25"},
      {1e100, "1e+100"},
      {5e-324, "5e-324"},
      {123456789.123, "123456789.123"},
      {std::numeric_limits<double>::infinity(), "inf"}};
  for (const auto& [value, text] : cases) {
    EXPECT_EQ(encoded("str_float", value), text);
    EXPECT_EQ(std::get<double>(Encoding::parse("str_float").decode(text)), value);
  }
  EXPECT_TRUE(std::isnan(std::get<double>(Encoding::parse("str_float").decode("nan"))));
}

TEST(Encoding, ArrayHeadsInFourForms) {
  const Value array = tokens_of<uint16_t>({1, 2, 3});
  EXPECT_EQ(encoded("ndarray", array), bytes({16, 4, 3, 1, 0, 2, 0, 3, 0}));
  EXPECT_EQ(encoded("ndarray:uint16", array), bytes({4, 3, 1, 0, 2, 0, 3, 0}));
  EXPECT_EQ(encoded("ndarray:uint16:3", array), bytes({1, 0, 2, 0, 3, 0}));
  const Value wide = tokens_of(std::vector<uint8_t>(300, 9));
  EXPECT_EQ(encoded("ndarray", wide).substr(0, 4), bytes({8, 5, 0x2c, 1}));
  const Value square = NdArray{DType::kInt8, {2, 2}, "abcd"};
  EXPECT_EQ(encoded("ndarray", square), bytes({9, 8, 2, 2, 'a', 'b', 'c', 'd'}));
  EXPECT_EQ(encoded("ndarray", tokens_of(std::vector<uint8_t>(70000, 1))).substr(0, 6),
            bytes({8, 6, 0x70, 0x11, 1, 0}));
}

TEST(Encoding, SizesAreThoseOfTheReference) {
  EXPECT_EQ(Encoding::parse("int").size(), 8u);
  EXPECT_EQ(Encoding::parse("float16").size(), 2u);
  EXPECT_EQ(Encoding::parse("ndarray:uint32:2,3").size(), 24u);
  for (const char* text : {"str", "bytes", "json", "str_int", "ndarray", "ndarray:uint32", "pkl",
                           "jpeg", "list[png]"}) {
    EXPECT_EQ(Encoding::parse(text).size(), std::nullopt) << text;
  }
}

TEST(Encoding, RefusesNamesItDoesNotKnow) {
  const auto refused = [](const char* text) {
    return error_of([&] { Encoding::parse(text); }, ErrorCode::kIncompatible);
  };
  EXPECT_EQ(refused("text"), "encoding \"text\": unknown to MDS version 2");
  EXPECT_EQ(refused("int:8"), "encoding \"int:8\": unknown to MDS version 2");
  EXPECT_EQ(refused("ndarray:uint12"),
            "encoding \"ndarray:uint12\": expected a dtype, got \"uint12\"");
  EXPECT_EQ(refused("ndarray:uint8:0"),
            "encoding \"ndarray:uint8:0\": expected dimensions above 0, got \"0\"");
  EXPECT_EQ(refused("ndarray:uint8:65536,65536"),
            "encoding \"ndarray:uint8:65536,65536\": expected a value below 4 GiB");
}

TEST(Encoding, RefusesPicklesAndImages) {
  EXPECT_EQ(decode_error("pkl", "x", ErrorCode::kIncompatible),
            "encoding \"pkl\": refused: reading a pickle can run any code that it holds");
  EXPECT_EQ(decode_error("jpeg", "x", ErrorCode::kIncompatible),
            "encoding \"jpeg\": images are not supported");
}

TEST(Encoding, RefusesValuesThatDoNotFit) {
  EXPECT_EQ(encode_error("uint8", int64_t{256}), "expected uint8, got 256");
  EXPECT_EQ(encode_error("uint64", int64_t{-1}), "expected uint64, got -1");
  EXPECT_EQ(encode_error("int", uint64_t{1} << 63), "expected int64, got 9223372036854775808");
  EXPECT_EQ(encode_error("int", 1.0), "expected an integer, got a float");
  EXPECT_EQ(encode_error("str", std::string("\xff")), "expected UTF-8, got \"\\xff\"");
  EXPECT_EQ(encode_error("str_int", std::string("1x")), "expected an integer, got \"1x\"");
  EXPECT_EQ(encode_error("str_decimal", std::string("one")),
            "expected a decimal number, got \"one\"");
  EXPECT_EQ(encode_error("ndarray", tokens_of<uint32_t>({})),
            "expected an array with elements, got an empty one, which MDS cannot hold");
  EXPECT_EQ(encode_error("ndarray:uint16", tokens_of<uint32_t>({1})),
            "expected an array of uint16, got one of uint32");
  EXPECT_EQ(encode_error("ndarray:uint16:2", tokens_of<uint16_t>({1})),
            "expected the shape of the encoding, got another shape");
  EXPECT_EQ(encode_error("ndarray", NdArray{DType::kUint16, {2}, "abc"}),
            "expected 2 values of uint16, got 3 bytes");
  EXPECT_EQ(encode_error("json", Json(std::nan(""))), "JSON has no infinite numbers and no NaN");
}

TEST(Encoding, RefusesBytesThatAreNoValue) {
  EXPECT_EQ(decode_error("int", "1234567"), "expected 8 bytes, got 7");
  EXPECT_EQ(decode_error("str", "\xed\xa0\x80"), "expected UTF-8, got \"\\xed\\xa0\\x80\"");
  EXPECT_EQ(decode_error("str_int", ""), "expected an integer in digits, got \"\"");
  EXPECT_EQ(decode_error("str_float", "1.0x"), "expected a float in digits, got \"1.0x\"");
  EXPECT_EQ(decode_error("str_decimal", "1.e"), "expected a decimal number, got \"1.e\"");
  EXPECT_EQ(decode_error("ndarray", ""),
            "array: expected a head of at least 1 bytes, got a value of 0");
  EXPECT_EQ(decode_error("ndarray", bytes({7, 4, 1, 0})), "array: expected a dtype code, got 7");
  EXPECT_EQ(decode_error("ndarray", bytes({16, 0, 1, 0})),
            "array: expected 1 to 63 dimensions, got 0");
  EXPECT_EQ(decode_error("ndarray", bytes({16, 4, 0})),
            "array: expected dimensions above 0, got 0");
  EXPECT_EQ(decode_error("ndarray", bytes({16, 4, 2, 1, 0, 2})),
            "array: expected 7 bytes (2 values of uint16), got 6");
  EXPECT_EQ(decode_error("ndarray", bytes({16, 7, 255, 255, 255, 255, 255, 255, 255, 255})),
            "array: expected below 2^32 elements, got more");
}

TEST(Encoding, Utf8IsStrict) {
  const auto valid = [](std::string_view text) {
    try {
      Encoding::parse("str").decode(text);
      return true;
    } catch (const Error&) {
      return false;
    }
  };
  for (const char* text : {"", "plain ascii text", "\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "12345678\xc3\xa9"}) {
    EXPECT_TRUE(valid(text)) << str_quote(text);
  }
  for (const char* text :
       {"\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xe2\x82", "\xc3(", "12345678\xc3"}) {
    EXPECT_FALSE(valid(text)) << str_quote(text);
  }
}

TEST(Encoding, HalvesRoundTripBitForBit) {
  const Encoding half = Encoding::parse("float16");
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    const auto low = static_cast<uint16_t>(bits);
    const std::string data(reinterpret_cast<const char*>(&low), 2);
    const double value = std::get<double>(half.decode(data));
    if (std::isnan(value)) continue;
    std::string again;
    half.encode(value, again);
    ASSERT_EQ(again, data) << bits;
  }
}

TEST(Encoding, LargeIntegersKeepTheirType) {
  EXPECT_EQ(Encoding::parse("uint64").decode(std::string(8, '\xff')),
            Value(std::numeric_limits<uint64_t>::max()));
  EXPECT_EQ(Encoding::parse("str_int").decode("-9223372036854775808"),
            Value(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(Encoding::parse("str_int").decode("18446744073709551616"),
            Value(std::string("18446744073709551616")));
}

}  // namespace
}  // namespace rexbert::shard
