#include <gtest/gtest.h>

#include "tokenizer/tokenizer_test_util.h"

namespace rexbert::tokenizer {
namespace {

// Made by tools/oracle/make_byte_level_golden.py with the library `tokenizers`.
const fs::path kFolder = REXBERT_SOURCE_DIR "/tests/golden/byte_level";

TEST(ByteLevelGolden, IdsAreThoseOfTokenizers) {
  const Tokenizer tokenizer = Tokenizer::load(Env::posix(), kFolder);
  const Json cases = Json::parse(Env::posix().read_file(kFolder / "cases.json"));
  ASSERT_GE(cases.size(), 200u);
  for (const Json& each : cases) {
    const auto text = each[0].get<std::string>();
    EXPECT_EQ(tokenizer.encode(text), each[1].get<std::vector<int32_t>>()) << str_quote(text, 300);
  }
}

}  // namespace
}  // namespace rexbert::tokenizer
