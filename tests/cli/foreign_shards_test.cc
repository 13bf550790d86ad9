#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/stream_info.h"
#include "rexbert/shard/writer.h"
#include "support/command.h"
#include "support/paths.h"
#include "support/world.h"

// What becomes of shards that the tokenizer of the run or of the checkpoint did not make, or of
// which nothing says who made them, wherever shards are read.
namespace rexbert {
namespace {

using test::CommandResult;
using test::run_rexbert;
using test::World;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kRefused = static_cast<int>(ErrorCode::kIncompatible);
constexpr int kCorrupt = static_cast<int>(ErrorCode::kCorrupt);

// Folders of shards, a second tokenizer and a checkpoint, made once.
class Folders {
 public:
  static const Folders& instance() {
    static const Folders folders;
    return folders;
  }

  std::string tokenizer() const { return (world_.path() / "tokenizer").string(); }
  std::string other_tokenizer() const { return path("other_tokenizer"); }
  std::string own() const { return (world_.path() / "shards/general/validation").string(); }
  std::string others() const { return path("others"); }    // of the other tokenizer
  std::string foreign() const { return path("foreign"); }  // without rexbert.json
  std::string beyond() const { return path("beyond"); }    // the same, with an id of 600 among 512
  std::string bytes() const { return path("bytes"); }      // in a column `tokens` of plain bytes
  std::string checkpoint() const { return path("run/checkpoints/step-000000001"); }
  std::string exported() const { return path("exported"); }

  static std::string fingerprint_of(const std::string& shards) {
    return shard::StreamInfo::load(Env::posix(), shards)->tokenizer_fingerprint;
  }

 private:
  Folders() {
    Env& env = Env::posix();
    must({"tokenizer", "train", "--input", (world_.path() / "text/ecommerce.jsonl").string(),
          "--output", other_tokenizer(), "--vocabulary-size", "512"});
    must({"tokenize", (world_.path() / "text/general.jsonl").string(), "--tokenizer",
          other_tokenizer(), "--output", others(), "--holdout", "10%,2"});
    fs::rename(fs::path(others()) / "validation", path("validation"));
    env.remove_all(others());
    fs::rename(path("validation"), others());
    fs::copy(own(), foreign());
    env.remove_file(fs::path(foreign()) / shard::kStreamInfoFile);
    write_beyond();
    write_bytes();
    must(world_.train_arguments(path("run"), {"--stop-at-step", "1"}));
    must({"export", "--checkpoint", checkpoint(), "--to", exported()});
  }

  void write_beyond() const {
    shard::MdsWriter writer(Env::posix(), beyond(), {.columns = {{"input_ids", "ndarray:uint16"}}});
    for (int i = 0; i < 2; ++i) {  // whichever is read first
      std::vector<uint16_t> ids(80, 7);
      ids[3] = 600;
      writer.write(std::vector<shard::Value>{
          shard::NdArray::from<uint16_t>(std::span<const uint16_t>(ids))});
    }
    writer.finish();
  }

  void write_bytes() const {
    shard::MdsWriter writer(Env::posix(), bytes(), {.columns = {{"tokens", "bytes"}}});
    for (int i = 0; i < 40; ++i) {
      const std::vector<uint16_t> ids(80, static_cast<uint16_t>(10 + i));
      writer.write(std::vector<shard::Value>{
          std::string(reinterpret_cast<const char*>(ids.data()), ids.size() * sizeof(ids[0]))});
    }
    writer.finish();
  }

  std::string path(const std::string& name) const { return (directory_ / name).string(); }

  static void must(const std::vector<std::string>& arguments) {
    const CommandResult result = run_rexbert(arguments);
    EXPECT_EQ(result.exit_code, 0) << str_join(arguments, " ") << ":\n" << result.err;
  }

  const World& world_ = World::instance();
  test::TemporaryDirectory directory_;
};

// Shards, and what is said of them.
struct Shards {
  std::string path;
  std::string declared;                // empty: nothing
  std::vector<std::string> more = {};  // "key=value" beside
};

// One of the ways in which shards are read.
using Reader = std::function<CommandResult(const Shards&)>;

class ForeignShardsTest : public ::testing::Test {
 protected:
  CommandResult train(const std::vector<std::string>& settings) {
    std::vector<std::string> arguments =
        world_.train_arguments(directory_ / str_cat("run", ++runs_), {"--stop-at-step", "1"});
    for (const std::string& setting : settings) {
      arguments.insert(arguments.end(), {"--set", setting});
    }
    return run_rexbert(arguments);
  }

  Reader in_config(const std::string& key) {
    return [this, key](const Shards& shards) {
      std::vector<std::string> settings = {str_cat(key, ".path=", shards.path)};
      if (!shards.declared.empty()) {
        settings.push_back(str_cat(key, ".tokenizer=", shards.declared));
      }
      for (const std::string& more : shards.more) settings.push_back(str_cat(key, ".", more));
      return train(settings);
    };
  }

  static Reader on_command_line(const std::vector<std::string>& words, const std::string& data) {
    return [words, data](const Shards& shards) {
      std::vector<std::string> arguments = words;
      arguments.insert(arguments.end(), {data, shards.path});
      if (!shards.declared.empty()) {
        arguments.insert(arguments.end(), {"--tokenizer", shards.declared});
      }
      for (const std::string& more : shards.more) arguments.push_back("--" + more);
      return run_rexbert(arguments);
    };
  }

  CommandResult suite(const std::string& shards) {
    const fs::path config = directory_ / "suite.yaml";
    publish_file(
        Env::posix(), config,
        str_cat("name: s\nseeds: [1]\ntasks: {recovery: {kind: mlm_recovery, domains: {a: ", shards,
                "}}}\n"));
    return run_rexbert({"eval", "suite", "--config", config.string(), "--checkpoint",
                        folders_.checkpoint(), "--output", (directory_ / "suite").string()});
  }

  static void expect(const CommandResult& result, int exit_code, const std::string& says = "") {
    EXPECT_EQ(result.exit_code, exit_code) << result.err;
    EXPECT_THAT(result.err, HasSubstr(says));
  }

  const World& world_ = World::instance();
  const Folders& folders_ = Folders::instance();
  test::TemporaryDirectory directory_;
  int runs_ = 0;
};

TEST_F(ForeignShardsTest, AreRefusedUnlessTheyAreDeclared) {
  struct Path {
    std::string name;  // what stands before the message
    Reader read;
    std::string tokenizer;  // the path that the message shows
    std::string declare;    // what declares it
  };
  const std::vector<Path> paths = {
      {"streams.general: ", in_config("streams.general"), folders_.tokenizer(), "tokenizer: "},
      {"evaluation.streams.general: ", in_config("evaluation.streams.general"),
       folders_.tokenizer(), "tokenizer: "},
      {"--data: ",
       on_command_line({"eval", "mlm", "--tokens", "1k", "--checkpoint", folders_.checkpoint()},
                       "--data"),
       folders_.checkpoint(), "--tokenizer "}};
  const std::string own = Folders::fingerprint_of(folders_.own());
  for (const Path& path : paths) {
    SCOPED_TRACE(path.name);
    const auto refusal = [&](const std::string& shards, const std::string& found) {
      return str_cat(path.name, shards, ": expected tokens of the tokenizer ", path.tokenizer, " (",
                     own, "), got ", found);
    };
    const std::string of_another =
        refusal(folders_.others(), Folders::fingerprint_of(folders_.others()));
    expect(path.read({folders_.own(), ""}), 0);
    expect(path.read({folders_.others(), ""}), kRefused, of_another);
    expect(path.read({folders_.others(), own}), kRefused, of_another);
    expect(path.read({folders_.foreign(), ""}), kRefused,
           refusal(folders_.foreign(),
                   str_cat("shards without rexbert.json, which would say; where that tokenizer "
                           "made them, declare it with `",
                           path.declare, path.tokenizer, "`")));
    expect(path.read({folders_.foreign(), path.tokenizer}), 0);
    expect(path.read({folders_.foreign(), own}), 0);
    // By another path, and a copy of it.
    expect(path.read({folders_.foreign(), path.tokenizer + "/."}), 0);
    expect(path.read({folders_.foreign(), folders_.exported()}), 0);
    // A path that is not here says nothing: the shards that say it themselves need it not.
    expect(path.read({folders_.own(), "not/here"}), 0);
    expect(path.read({folders_.foreign(), "not/here"}), kRefused,
           refusal(folders_.foreign(), str_cat("`", path.declare, "not/here`")));
    expect(path.read({folders_.own(), Folders::fingerprint_of(folders_.others())}), kRefused);
    for (const std::string& shards : {folders_.foreign(), folders_.own()}) {
      expect(path.read({shards, folders_.other_tokenizer()}), kRefused,
             refusal(shards, str_cat("`", path.declare, folders_.other_tokenizer(), "`")));
    }
    const CommandResult beyond = path.read({folders_.beyond(), own});
    expect(beyond, kCorrupt, "beyond/shard.00000.mds: offset ");
    expect(beyond, kCorrupt, ", token 3: expected an id from 0 to 511, got 600");
    expect(path.read({folders_.bytes(), own, {"column=tokens", "dtype=uint16"}}), 0);
  }
}

// `rexbert salience` needs --tokenizer, which says that it made the streams.
TEST_F(ForeignShardsTest, AreDeclaredToSalienceByItsTokenizer) {
  const std::string tokenizer = folders_.tokenizer();
  const std::vector<Reader> readers = {
      on_command_line({"salience", "--general", folders_.own(), "--output",
                       (directory_ / "table.json").string()},
                      "--domain"),
      on_command_line({"salience", "report", "--table", (world_.path() / "salience.json").string()},
                      "--data")};
  for (const Reader& read : readers) {
    expect(read({folders_.own(), tokenizer}), 0);
    expect(read({folders_.others(), tokenizer}), kRefused,
           "others: expected tokens of the tokenizer ");
    expect(read({folders_.foreign(), tokenizer}), 0);
    expect(read({folders_.beyond(), tokenizer}), kCorrupt,
           ", token 3: expected an id from 0 to 511, got 600");
  }
  expect(readers[1]({folders_.bytes(), tokenizer, {"column=tokens", "dtype=uint16"}}), 0);
}

// A suite compares models of several tokenizers: there is nothing to declare with.
TEST_F(ForeignShardsTest, AreRefusedInSuites) {
  expect(suite(folders_.own()), 0);
  expect(suite(folders_.others()), kRefused, "others: expected tokens of the tokenizer ");
  const CommandResult foreign = suite(folders_.foreign());
  expect(foreign, kRefused, "got shards without rexbert.json, which would say");
  EXPECT_THAT(foreign.err, Not(HasSubstr("declare")));
}

// A folder without trainer_state.json: its own tokenizer's files tell.
TEST_F(ForeignShardsTest, AModelsTokenizerIsThatOfTheRun) {
  Env& env = Env::posix();
  const auto with_tokenizer = [&](const std::string& name, const fs::path& tokenizer) {
    const fs::path folder = directory_ / name;
    fs::copy(folders_.exported(), folder);
    for (const char* file : {"tokenizer.json", "tokenizer.model", "rexbert_tokenizer.json"}) {
      env.remove_file(folder / file);
      if (!tokenizer.empty() && env.exists(tokenizer / file)) {
        fs::copy(tokenizer / file, folder / file);
      }
    }
    return folder.string();
  };
  const std::map<std::string, std::string> refused = {
      {"ours", with_tokenizer("ours", folders_.other_tokenizer())},
      {"byte-level", with_tokenizer("theirs", test::source_path("tests/golden/byte_level"))}};
  const std::string none = with_tokenizer("none", {});
  for (const char* key : {"start_from", "tile_from"}) {
    SCOPED_TRACE(key);
    expect(train({str_cat(key, "=", folders_.exported())}), 0);
    for (const auto& [kind, folder] : refused) {
      SCOPED_TRACE(kind);
      const CommandResult result = train({str_cat(key, "=", folder)});
      expect(result, kRefused, str_cat(key, ": ", folder, " was trained with another tokenizer ("));
      expect(result, kRefused,
             str_cat("than that in ", folders_.tokenizer(), " (",
                     Folders::fingerprint_of(folders_.own()), ")"));
    }
    expect(train({str_cat(key, "=", none)}), 0,
           str_cat(none, " has no tokenizer of its own: that in ", folders_.tokenizer(),
                   " is taken for the one that it was trained with"));
  }
}

}  // namespace
}  // namespace rexbert
