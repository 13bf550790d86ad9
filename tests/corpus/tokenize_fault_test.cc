#include <gtest/gtest.h>

#include "corpus/tokenize_fixture.h"
#include "rexbert/core/fault_env.h"
#include "rexbert/corpus/tokenize.h"

namespace rexbert::corpus {
namespace {

class TokenizeFault : public TokenizeFixture {
 protected:
  // Fails at every operation in turn, with or without loss of what was not synced, and continues.
  void fail_everywhere(TokenizeOptions options, bool lose_unsynced) {
    options.output = path("whole");
    tokenize(env(), options);
    const auto whole = snapshot("whole");
    int64_t fail_at = 1;
    for (bool finished = false; !finished; ++fail_at) {
      options.output = path("broken");
      FaultInjectionEnv failing(env());
      failing.fail_after(fail_at);
      try {
        tokenize(failing, options);
        finished = true;
      } catch (const Error& error) {
        ASSERT_NE(std::string(error.what()).find("injected failure"), std::string::npos)
            << error.what();
        EXPECT_EQ(error.code(), ErrorCode::kIo);
        if (lose_unsynced) failing.drop_unsynced();
        ASSERT_NO_THROW(tokenize(env(), options)) << "after failure " << fail_at;
      }
      ASSERT_EQ(names(snapshot("broken")), names(whole)) << "after failure " << fail_at;
      ASSERT_EQ(snapshot("broken"), whole) << "after failure " << fail_at;
      fs::remove_all(path("broken"));
    }
    // Shards, journal, sidecars and indexes: fewer operations would mean that nothing was tested.
    EXPECT_GT(fail_at, 60);
  }

  TokenizeOptions options_with_bad_lines() {
    write("corpus/bad.jsonl", "oops\n" + sample_lines(9000, 20) + "{}\n" + sample_lines(9100, 20));
    write("corpus/zz.jsonl", sample_lines(9200, 5) + "oops\n");
    TokenizeOptions options = options_for("");
    options.shard_bytes = 48 << 10;
    options.on_error = text::OnError::kSkip;
    options.holdout = parse_holdout("25%,3");
    return options;
  }
};

TEST_F(TokenizeFault, RestartAfterAnyFailureGivesTheSameBytes) {
  fail_everywhere(options_with_bad_lines(), false);
}

TEST_F(TokenizeFault, RestartAfterAnyPowerLossGivesTheSameBytes) {
  fail_everywhere(options_with_bad_lines(), true);
}

TEST_F(TokenizeFault, ManyFailuresInARowGiveTheSameBytes) {
  TokenizeOptions options = options_with_bad_lines();
  options.compression = "zstd";
  options.threads = 2;
  options.output = path("whole");
  tokenize(env(), options);
  options.output = path("broken");
  int failures = 0;
  for (int64_t allowed = 3;; ++allowed) {
    FaultInjectionEnv failing(env());
    failing.fail_after(allowed);
    try {
      tokenize(failing, options);
      break;
    } catch (const Error&) {
      failing.drop_unsynced();
      ++failures;
    }
  }
  EXPECT_GT(failures, 4);
  EXPECT_EQ(snapshot("broken"), snapshot("whole"));
}

}  // namespace
}  // namespace rexbert::corpus
