#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rexbert/core/strings.h"
#include "support/command.h"
#include "support/temporary_directory.h"

namespace rexbert::test {

// Everything that a very small run needs, made once for a test program with the command itself:
// sample text, tokenizer, shards with holdouts, salience table, and the config `config.yaml` with
// three phases that trains in about a second.
class World {
 public:
  static const World& instance() {
    static const World world;
    return world;
  }

  const std::filesystem::path& path() const { return directory_.path(); }
  std::string config() const { return (path() / "config.yaml").string(); }

  // `rexbert train --config CONFIG --set run.directory=DIRECTORY ...`.
  std::vector<std::string> train_arguments(const std::filesystem::path& run_directory,
                                           const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"train", "--config", config(), "--set",
                                          "run.directory=" + run_directory.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  static std::string common_yaml(const std::string& root) {
    return str_cat(
        "model: {vocabulary_size: 512, layers: 3, hidden_size: 32, intermediate_size: 48,\n"
        "        attention_heads: 2, local_window: 16}\n"
        "tokenizer: {path: ",
        root,
        "/tokenizer}\n"
        "streams:\n"
        "  ecommerce: {path: ",
        root,
        "/shards/ecommerce/train}\n"
        "  general: {path: ",
        root,
        "/shards/general/train}\n"
        "data: {lanes: 2, micro_tokens: 256, window_rows: 8}\n"
        "checkpoint: {every: 1k, keep: 2}\n"
        "logging: {every_steps: 2}\n"
        "evaluation:\n"
        "  streams: {general: {path: ",
        root,
        "/shards/general/validation}}\n"
        "  tokens: 1k\n");
  }

  // The phases one by one, so that a chain of three files can be made of them.
  static std::vector<std::string> phases_yaml() {
    return {
        "  - name: general\n"
        "    tokens: 6k\n"
        "    context_length: 64\n"
        "    rope_theta: {global: 10000, local: 10000}\n"
        "    learning_rate: {schedule: warmup_stable, peak: 3e-3, warmup: 1k}\n"
        "    batch: {rows: 8, warmup: {from: 2, tokens: 2k}}\n"
        "    masking: {policy: uniform, probability: 0.3}\n"
        "    mixture: {general: 1.0}\n",
        "  - name: context_extension\n"
        "    tokens: 3k\n"
        "    context_length: 128\n"
        "    rope_theta: {global: 160000, local: 10000}\n"
        "    learning_rate: {schedule: constant, peak: 2e-3}\n"
        "    batch: {rows: 4}\n"
        "    masking: {policy: whole_word, probability: 0.3}\n"
        "    mixture: {general: 1.0}\n",
        "  - name: specialization\n"
        "    tokens: 3k\n"
        "    context_length: 128\n"
        "    rope_theta: {global: 160000, local: 10000}\n"
        "    learning_rate: {schedule: one_minus_sqrt, from: 2e-3, to: 2e-6}\n"
        "    batch: {rows: 4}\n"
        "    masking: {policy: guided, probability: 0.3, strength: 0.5}\n"
        "    mixture: {from: {general: 0.9, ecommerce: 0.1}, to: {general: 0.1, ecommerce: "
        "0.9}}\n"};
  }

  std::string salience_yaml() const {
    return str_cat("salience: ", (path() / "salience.json").string(), "\n");
  }

 private:
  World() {
    const std::string root = path().string();
    must({"corpus", "sample", "--output", root + "/text", "--general", "60", "--long", "1",
          "--products", "120"});
    must({"tokenizer", "train", "--input", root + "/text", "--output", root + "/tokenizer",
          "--vocabulary-size", "512"});
    for (const std::string stream : {"general", "ecommerce"}) {
      must({"tokenize", root + "/text/" + stream + ".jsonl", "--tokenizer", root + "/tokenizer",
            "--output", root + "/shards/" + stream, "--holdout", "10%,2"});
    }
    must({"salience", "--domain", root + "/shards/ecommerce/train", "--general",
          root + "/shards/general/train", "--tokenizer", root + "/tokenizer", "--output",
          root + "/salience.json"});
    std::string config = "run: {name: tiny, directory: " + root + "/run, threads: 1}\n";
    config += common_yaml(root) + salience_yaml() + "phases:\n";
    for (const std::string& phase : phases_yaml()) config += phase;
    publish_file(Env::posix(), this->config(), config);
  }

  static void must(const std::vector<std::string>& arguments) {
    const CommandResult result = run_rexbert(arguments);
    if (result.exit_code != 0) {
      ADD_FAILURE() << "rexbert " << str_join(arguments, " ") << ":\n" << result.err;
    }
  }

  TemporaryDirectory directory_;
};

}  // namespace rexbert::test
