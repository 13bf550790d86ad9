#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/world.h"

// What the command says to bad input, word for word. {root} is the folder with good data, {here}
// the test's own.
namespace rexbert {
namespace {

using test::World;

std::string filled(std::string text, const std::string& root, const std::string& here) {
  for (const auto& [name, value] : {std::pair{std::string("{root}"), root}, {"{here}", here}}) {
    for (size_t at; (at = text.find(name)) != std::string::npos;) {
      text.replace(at, name.size(), value);
    }
  }
  return text;
}

class BadInputTest : public ::testing::Test {
 protected:
  Env& env_ = Env::posix();
  const World& world_ = World::instance();
  test::TemporaryDirectory directory_;
  fs::path here_ = directory_.path();

  std::string fill(const std::string& text) const {
    return filled(text, world_.path().string(), here_.string());
  }

  void write(const std::string& name, const std::string& contents) {
    publish_file(env_, here_ / name, contents);
  }

  // The command's last line on standard error, or all of them when `whole`.
  void expect(const std::vector<std::string>& arguments, int exit_code,
              const std::string& message) {
    std::vector<std::string> words;
    for (const std::string& word : arguments) words.push_back(fill(word));
    const test::CommandResult result = test::run_rexbert(words, here_);
    std::string said;
    for (const std::string& line : str_split(result.err, '\n')) {
      if (!line.empty() && line[0] != '[') said += (said.empty() ? "" : "\n") + line;
    }
    EXPECT_EQ(said, fill(message)) << str_join(words, " ");
    EXPECT_EQ(result.exit_code, exit_code) << str_join(words, " ");
  }

  // A config that is good but for one override.
  void expect_override(const std::string& assignment, const std::string& message) {
    expect({"config", "check", "--config", "{root}/config.yaml", "--set", assignment}, 3,
           "rexbert: " + message);
  }

  void copy(const std::string& from, const std::string& name) {
    env_.remove_all(here_ / name);
    fs::copy(fill(from), here_ / name, fs::copy_options::recursive);
  }

  void replace_in(const std::string& name, const std::string& text, const std::string& with) {
    std::string contents = env_.read_file(here_ / name);
    const size_t at = contents.find(text);
    ASSERT_NE(at, std::string::npos) << name << " holds no " << text;
    publish_file(env_, here_ / name, contents.replace(at, text.size(), with));
  }
};

TEST_F(BadInputTest, CommandLines) {
  expect({"frobnicate"}, 2,
         "rexbert: unknown command \"frobnicate\"; expected one of config, corpus, tokenizer, "
         "tokenize, shards, curate, salience, plan, train, eval, import, export, embed, fill-mask, "
         "bench, doctor, completion, manual");
  expect({"trian"}, 2, "rexbert: unknown command \"trian\"; did you mean train?");
  expect({"curate", "filtr"}, 2, "rexbert: unknown command \"filtr\"; did you mean filter?");
  expect({"train"}, 2, "--config is required\nRun with --help for more information.");
  expect(
      {"tokenize", "x.jsonl", "--tokenizer", "{root}/tokenizer", "--output", "o", "--holdout",
       "150%"},
      2,
      "rexbert: holdout: expected a share such as 0.02 or 2%, a count such as 500, or both as in "
      "2%,2, got \"150%\"");
  expect(
      {"tokenize", "x.jsonl", "--tokenizer", "{root}/tokenizer", "--output", "o", "--part", "3/2"},
      2, "rexbert: part: expected i/n with 1 <= i <= n, got \"3/2\"");
}

TEST_F(BadInputTest, ConfigFiles) {
  const auto check = [&](const std::string& message, int code = 3) {
    expect({"config", "check", "--config", "c.yaml"}, code, "rexbert: " + message);
  };
  check("c.yaml: cannot open: No such file or directory", 4);
  write("c.yaml", "run: {directory: r}\nrun: {directory: s}\n");
  check("c.yaml:2: duplicate key \"run\", first written in line 1");
  write("c.yaml", "run: {directory: r\nmodel: 3\n");
  check("c.yaml:2: not valid YAML: end of map flow not found");
  write("c.yaml", "- 1\n- 2\n");
  check("c.yaml:1: expected a map of keys, got a list of 2");
  write("c.yaml", "include: c.yaml\n");
  check("c.yaml:1: include: c.yaml: includes itself");
  write("c.yaml", "include: nowhere.yaml\n");
  check("c.yaml:1: include: nowhere.yaml: cannot open: No such file or directory", 4);
  write("c.yaml", "run: {directory: \"${REXBERT_NOT_SET}\"}\n");
  check(
      "c.yaml:1: environment variable REXBERT_NOT_SET is not set; write "
      "${REXBERT_NOT_SET:-fallback} to allow that");
  write("c.yaml", "run: {directory: r}\nmodel: {preset: micro}\ntokenizer: {path: t}\n");
  check(
      "c.yaml:1: streams: missing; expected a map from names, each a block\n"
      "c.yaml:1: phases: missing; expected a list of blocks");
}

TEST_F(BadInputTest, ConfigValues) {
  expect_override("modle.layers=3", "--set modle.layers: modle: unknown key; did you mean model?");
  expect_override(
      "model.layers=many",
      "--set model.layers: model.layers: expected a whole number of at least 1, got many");
  expect_override("model.layers=0",
                  "--set model.layers: model.layers: expected a whole number of at least 1, got 0");
  expect_override(
      "model.attention_heads=3",
      "--set model.attention_heads: model.attention_heads: expected a number that divides "
      "hidden_size 32 into an even head dimension, got 3");
  expect_override(
      "model.preset=bsae",
      "--set model.preset: model.preset: expected one of base, large, micro, mini, small, "
      "got \"bsae\"; did you mean base?");
  expect_override(
      "phases.0.tokens=-5",
      "--set phases.0.tokens: phases[0].tokens: expected a count such as 1.7T, 50B or 10M "
      "above 0, got -5");
  expect_override(
      "phases.0.batch.rows=5",
      "--set phases.0.batch.rows: phases[0].batch.rows: expected a multiple of the 2 lanes "
      "(data.lanes), got 5; the nearest are 4 and 6");
  expect_override(
      "phases.1.learning_rate.warmup=3",
      "--set phases.1.learning_rate.warmup: phases[1].learning_rate.warmup: has no effect "
      "here: it is used only with the schedules warmup_stable, one_minus_sqrt, cosine and "
      "linear");
  expect_override("phases.0.mixture={genral: 1}",
                  "--set phases.0.mixture: phases[0].mixture.genral: unknown stream; did you mean "
                  "general?");
  expect_override(
      "phases.0.masking={probability: 1.5}",
      "--set phases.0.masking: phases[0].masking.probability: expected a number above 0 "
      "and up to 0.95, got 1.5");
  expect_override("phases.3.tokens=3",
                  "--set phases.3.tokens=3: expected an index below 3, got \"3\"");
  expect_override("run.device=gpu", "--set run.device: run.device: expected cpu or cuda, got gpu");
  expect_override("run.precision=bf16",
                  "--set run.precision: run.precision: has no effect here: it is used only where "
                  "device is cuda");
  expect_override(
      "optimizer.betas=0.9",
      "--set optimizer.betas: optimizer.betas: expected a list, each a number from 0 to "
      "0.999999, got 0.9");
  expect_override("evaluation.stream.x.path=y",
                  "--set evaluation.stream.x.path: evaluation.stream: unknown key; did you mean "
                  "streams?");
}

TEST_F(BadInputTest, Texts) {
  const auto tokenize = [&](const std::string& input, const std::string& message, int code = 6) {
    expect({"tokenize", input, "--tokenizer", "{root}/tokenizer", "--output", "out"}, code,
           "rexbert: " + message);
    env_.remove_all(here_ / "out");
  };
  write("t.jsonl", "{\"id\":\"a\",\"text\":\"fine\"}\n{\"id\":\"b\",\"text\":\"broken\n");
  tokenize("t.jsonl", "t.jsonl:2: broken JSON: A string is opened, but never closed.");
  write("t.jsonl", "{\"id\":\"a\",\"txet\":\"fine\"}\n");
  tokenize("t.jsonl", "t.jsonl:1: no field \"text\"");
  write("t.jsonl", "{\"id\":\"a\",\"text\":7}\n");
  tokenize("t.jsonl", "t.jsonl:1: field \"text\": expected a string, got a number");
  write("t.jsonl", "{\"id\":\"a\",\"text\":\"fi\xff\xfene\"}\n");
  tokenize("t.jsonl", "t.jsonl:1: invalid UTF-8");
  write("t.jsonl.zst", "this is no zstd frame");
  tokenize("t.jsonl.zst",
           "t.jsonl.zst: damaged zstd data: Unknown frame descriptor at compressed offset 0");
  tokenize("none*.jsonl", "input none*.jsonl: matches no file", 4);
}

TEST_F(BadInputTest, Shards) {
  const std::string good = "{root}/shards/general/validation";
  copy(good, "s");
  const uint64_t bytes = env_.file_size(here_ / "s/shard.00000.mds");
  env_.truncate_file(here_ / "s/shard.00000.mds", 1000);
  expect({"shards", "verify", "s"}, 6,
         str_cat("rexbert: s: expected a sound stream, got 1 problem"));
  expect({"shards", "show", "s"}, 6,
         str_cat("rexbert: s/shard.00000.mds: offset 1000: expected ", bytes, " bytes, got 1000"));
  copy(good, "s");
  replace_in("s/index.json", "shard.00000.mds", "../x.mds");
  expect(
      {"shards", "info", "s"}, 6,
      "rexbert: s/index.json: shards[0]: raw_data: expected a file name inside the directory, got "
      "\"../x.mds\"");
  copy(good, "s");
  replace_in("s/index.json", "\"version\": 2}", "\"version\": 3}");
  expect({"shards", "info", "s"}, 7, "rexbert: s/index.json: expected MDS version 2, got 3");
  expect({"shards", "info", "nowhere"}, 4,
         "rexbert: nowhere/index.json: no such file: the directory of the stream does not exist");
}

TEST_F(BadInputTest, Runs) {
  const auto train = [&](const std::string& assignment, int code, const std::string& message) {
    expect({"train", "--config", "{root}/config.yaml", "--set", "run.directory={here}/run", "--set",
            assignment},
           code, "rexbert: " + message);
  };
  train(
      "streams.general.path=nowhere", 4,
      "streams.general: no token shards in nowhere (expected index.json there); `rexbert tokenize` "
      "with --output nowhere makes them");
  train("tokenizer.path=nowhere", 4, "tokenizer.path: tokenizer nowhere: no such folder");
  train("model.vocabulary_size=576", 3,
        "model.vocabulary_size: expected 512, that of the tokenizer in {root}/tokenizer, got 576");
  train("start_from=nowhere", 4,
        "start_from: nowhere: no such folder; expected a run directory or a checkpoint folder");
  train("salience=nowhere", 4, "salience: nowhere: cannot open: No such file or directory");
}

TEST_F(BadInputTest, Checkpoints) {
  ASSERT_EQ(
      test::run_rexbert(world_.train_arguments(here_ / "run", {"--stop-at-step", "1"})).exit_code,
      0);
  const std::string good = "{here}/run/checkpoints/step-000000001";
  const auto evaluate = [&](int code, const std::string& message) {
    expect({"eval", "mlm", "--checkpoint", "c", "--data", "{root}/shards/general/validation"}, code,
           "rexbert: " + message);
  };
  evaluate(4, "--checkpoint: c: no such folder; expected a run directory or a checkpoint folder");
  copy(good, "c");
  const uint64_t size = env_.file_size(here_ / "c/model.safetensors");
  env_.truncate_file(here_ / "c/model.safetensors", 3000);
  evaluate(6, str_cat("--checkpoint: c: model.safetensors: expected ", size, " bytes, got 3000"));
  // Folders of others have no manifest.
  const auto copy_alone = [&] {
    copy(good, "c");
    env_.remove_file(here_ / "c/manifest.json");
  };
  copy_alone();
  env_.truncate_file(here_ / "c/model.safetensors", 3000);
  const std::string header = env_.read_file(here_ / "c/model.safetensors");
  uint64_t length = 0;
  header.copy(reinterpret_cast<char*>(&length), sizeof(length));
  evaluate(
      6, str_cat(
             "c/model.safetensors: tensor model.embeddings.tok_embeddings.weight: expected data at "
             "offset 0 within ",
             3000 - 8 - length, " bytes, got [0, 65536)"));
  copy_alone();
  replace_in("c/config.json", "\"hidden_activation\": \"gelu\"", "\"hidden_activation\": \"relu\"");
  evaluate(7, "c/config.json: hidden_activation: expected \"gelu\", got \"relu\"");
  copy_alone();
  replace_in("c/config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 4");
  evaluate(7, "c/model.safetensors: tensor model.layers.3.attn_norm.weight: missing");
  copy_alone();
  env_.remove_file(here_ / "c/tokenizer.model");
  evaluate(4, "--checkpoint: c: not a tokenizer folder: no tokenizer.model");
}

TEST_F(BadInputTest, TextsForAnEncoder) {
  ASSERT_EQ(
      test::run_rexbert(world_.train_arguments(here_ / "run", {"--stop-at-step", "1"})).exit_code,
      0);
  const std::string checkpoint = "{here}/run/checkpoints/step-000000001";
  const auto embed = [&](std::vector<std::string> words, int code, const std::string& message) {
    words.insert(words.begin(), {"embed", "--checkpoint", checkpoint});
    expect(words, code, message);
  };
  write("t.jsonl", "{\"text\":\"fine\"}\n{\"text\":7}\n");
  embed({"t.jsonl", "--output", "v.npy"}, 6,
        "rexbert: t.jsonl:2: field \"text\": expected a string, got a number");
  embed({"t.jsonl", "--output", "v.npy", "--text-field", "title"}, 6,
        "rexbert: t.jsonl:1: no field \"title\"");
  embed({"none.jsonl", "--output", "v.npy"}, 4,
        "rexbert: none.jsonl: cannot open: No such file or directory");
  embed({"t.jsonl", "--output", "v.csv"}, 2,
        "rexbert: v.csv: the name does not say the format: expected .npy, .jsonl or .safetensors, "
        "or a format given");
  embed({"-", "--output", "v.npy"}, 2,
        "rexbert: standard input: the name does not say the format: expected .jsonl, .json or .txt "
        "(plain, .zst, .zstd or .gz), or a format given");
  embed({"t.jsonl", "--output", "v.npy", "--dimensions", "33"}, 2,
        "rexbert: embedder: dimensions: expected 1 to 32, got 33");
  embed({"t.jsonl", "--output", "v.npy", "--batch-tokens", "many"}, 2,
        "rexbert: --batch-tokens: expected a count such as 16k, got \"many\"");
  embed({"t.jsonl", "--output", "v.npy", "--pooling", "max"}, 2,
        "--pooling: max not in {mean,cls}\nRun with --help for more information.");
  EXPECT_FALSE(env_.exists(here_ / "v.npy"));
  EXPECT_FALSE(env_.exists(here_ / "v.npy.partial"));
  expect({"embed", "t.jsonl", "--output", "v.npy", "--checkpoint", "nowhere"}, 4,
         "rexbert: --checkpoint: nowhere: no such folder; expected a run directory or a checkpoint "
         "folder");
  expect({"fill-mask", "running shoes", "--checkpoint", checkpoint}, 2,
         "rexbert: text: expected [MASK] in it at least once, got \"running shoes\"");
  expect({"fill-mask", "[MASK]", "--checkpoint", checkpoint, "--top", "0"}, 2,
         "rexbert: top: expected 1 to 512, got 0");
  expect({"fill-mask", "[MASK] [MASK] [MASK] [MASK] [MASK] [MASK] [MASK]", "--checkpoint",
          checkpoint, "--context", "8"},
         2, "rexbert: text: expected at most 8 tokens, got 9");
}

TEST_F(BadInputTest, Tokenizers) {
  expect(
      {"tokenizer", "train", "--input", "{root}/text", "--output", "t", "--vocabulary-size", "40"},
      2, "rexbert: tokenizer training: vocabulary_size: expected 357 to 10000000, got 40");
  expect({"tokenizer", "train", "--input", "{root}/text", "--output", "{root}/tokenizer"}, 2,
         "rexbert: tokenizer training: {root}/tokenizer exists already");
  copy("{root}/tokenizer", "t");
  replace_in("t/rexbert_tokenizer.json", "\"fingerprint\": \"", "\"fingerprint\": \"0");
  const test::CommandResult result = test::run_rexbert({"tokenizer", "info", "t"}, here_);
  EXPECT_EQ(result.exit_code, 6) << result.err;
}

}  // namespace
}  // namespace rexbert
