#include "rexbert/hf/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cstring>

#include "rexbert/core/error.h"
#include "support/temporary_directory.h"

namespace rexbert::hf {
namespace {

using ::testing::HasSubstr;

class SafetensorsTest : public ::testing::Test {
 protected:
  Env& env_ = Env::posix();
  test::TemporaryDirectory directory_;
  fs::path path_ = directory_.path() / "x.safetensors";

  void write_bytes(const std::string& header, const std::string& body) {
    const uint64_t length = header.size();
    std::string bytes(reinterpret_cast<const char*>(&length), sizeof(length));
    publish_file(env_, path_, bytes + header + body);
  }

  std::string error_of_reading() {
    try {
      read_safetensors(env_, path_);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
      return error.what();
    }
    return "no error";
  }
};

TEST_F(SafetensorsTest, EveryTypeComesBackBitForBit) {
  NamedTensors tensors;
  for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt,
                          at::kShort, at::kChar, at::kByte, at::kBool}) {
    tensors.emplace_back(std::string(at::toString(type)), (torch::rand({3, 5}) * 100).to(type));
  }
  tensors.emplace_back("scalar", torch::tensor(2.5));
  tensors.emplace_back("empty", torch::zeros({0, 4}));
  tensors.emplace_back("transposed", torch::rand({4, 6}).t());
  write_safetensors(env_, path_, tensors, {{"format", "pt"}});
  const auto read = read_safetensors(env_, path_);
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    ASSERT_TRUE(read.contains(name)) << name;
    EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(torch::equal(read.at(name), tensor)) << name;
  }
}

TEST_F(SafetensorsTest, DataStartsAtAMultipleOfEight) {
  write_safetensors(env_, path_, {{"odd_name", torch::ones({1})}});
  uint64_t length = 0;
  const std::string bytes = env_.read_file(path_);
  std::memcpy(&length, bytes.data(), sizeof(length));
  EXPECT_EQ(length % 8, 0u);
  EXPECT_EQ(bytes.size(), 8 + length + 4);
}

TEST_F(SafetensorsTest, RefusesTensorTypesItCannotName) {
  EXPECT_THROW(write_safetensors(env_, path_, {{"c", torch::ones({1}, torch::kComplexFloat)}}),
               Error);
}

TEST_F(SafetensorsTest, RefusesDamage) {
  const std::string name = path_.string();
  publish_file(env_, path_, "1234");
  EXPECT_EQ(error_of_reading(), name + ": expected at least 8 bytes, got 4");
  publish_file(env_, path_, std::string("\xff\0\0\0\0\0\0\0{}", 10));
  EXPECT_EQ(error_of_reading(), name + ": offset 0: header of 255 bytes does not fit a file of 10");
  write_bytes("[1]", "");
  EXPECT_EQ(error_of_reading(), name + ": the header is not a JSON object");
  write_bytes("{\"a\":", "");
  EXPECT_THAT(error_of_reading(), HasSubstr("not valid JSON"));
  write_bytes(R"({"a":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}})", "aaaa");
  EXPECT_EQ(error_of_reading(), name + ": tensor a: unknown dtype \"F31\"");
  write_bytes(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", "aaaa");
  EXPECT_EQ(error_of_reading(), name + ": tensor a: its shape needs 8 bytes, data_offsets hold 4");
  write_bytes(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", "aa");
  EXPECT_EQ(error_of_reading(),
            name + ": tensor a: expected data at offset 0 within 2 bytes, got [0, 4)");
  write_bytes(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "aa");
  EXPECT_EQ(error_of_reading(), name + ": expected 1 bytes of tensors, got 2");
  write_bytes(R"({"a":{"dtype":"U8","data_offsets":[0,1]}})", "a");
  EXPECT_EQ(error_of_reading(), name + ": tensor a: shape: missing");
}

}  // namespace
}  // namespace rexbert::hf
