#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/bench_commands.h"
#include "rexbert/batch/loader_bench.h"
#include "rexbert/batch/masking.h"
#include "rexbert/batch/pack.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/plan/options.h"
#include "rexbert/tokenizer/encode_bench.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::cli {
namespace {

struct LoaderArguments {
  std::vector<std::string> data;
  std::string url;
  std::string cache;
  std::string tokenizer;
  std::string salience;
  std::string policy = "uniform";
  bool json = false;
  batch::LoaderBenchOptions options;
};

// The masker of the policy; empty for "none".
batch::MaskFunction make_mask(const LoaderArguments& arguments, plan::MaskingSpec& spec) {
  if (arguments.policy == "none") return {};
  for (const auto& [policy, name] : plan::names_of(plan::MaskingPolicy{})) {
    if (name == arguments.policy) spec.policy = policy;
  }
  if (arguments.tokenizer.empty()) {
    throw Error(ErrorCode::kUsage,
                "--tokenizer: missing; masking has to know the special tokens "
                "(or give --policy none)");
  }
  const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), arguments.tokenizer);
  std::optional<batch::SalienceTable> table;
  if (!arguments.salience.empty()) {
    table = batch::SalienceTable::load(Env::posix(), arguments.salience);
  }
  const batch::Masker masker(17, batch::MaskVocabulary::from(tokenizer), std::move(table));
  return [masker](const plan::MaskingSpec& step, batch::PackedBatch& packed) {
    masker.apply(step, packed);
  };
}

void bench_loader(LoaderArguments arguments) {
  batch::LoaderBenchOptions& options = arguments.options;
  for (const std::string& path : arguments.data) {
    batch::StreamOptions stream;
    stream.path = path;
    options.streams.push_back(stream);
  }
  if (!arguments.url.empty()) {
    batch::StreamOptions stream;
    stream.path = arguments.url;
    stream.cache.directory = arguments.cache;
    options.streams.push_back(stream);
  }
  options.mask = make_mask(arguments, options.masking);
  const batch::LoaderBenchResult result = batch::bench_loader(Env::posix(), options);
  const auto tokens = static_cast<double>(result.tokens);
  if (arguments.json) {
    const Json json = {{"policy", arguments.policy},
                       {"context_length", options.context_length},
                       {"tokens_per_second", result.tokens_per_second},
                       {"slowest_tokens_per_second", tokens / result.seconds.back()},
                       {"fastest_tokens_per_second", tokens / result.seconds.front()},
                       {"unfilled", result.unfilled},
                       {"tokens", result.tokens},
                       {"rate", options.rate},
                       {"data_wait", result.data_wait},
                       {"first_step_seconds", result.first_step_seconds},
                       {"repeats", options.repeats}};
    std::printf("%s\n", json.dump().c_str());
    return;
  }
  std::printf(
      "%.1f M tok/s, one thread, masking %s  (slowest %.1f, fastest %.1f of %d)  "
      "unfilled %.3f%%\n",
      result.tokens_per_second / 1e6, arguments.policy.c_str(),
      tokens / result.seconds.back() / 1e6, tokens / result.seconds.front() / 1e6, options.repeats,
      100 * result.unfilled);
  if (options.rate <= 0) return;
  std::printf("a trainer of %.1f M tok/s waits %.2f%% of its time, and %.2f s for the first step\n",
              options.rate / 1e6, 100 * result.data_wait, result.first_step_seconds);
}

}  // namespace

void add_bench_loader(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand("loader", "Reading, packing and masking, one thread");
  const auto arguments = std::make_shared<LoaderArguments>();
  batch::LoaderBenchOptions& options = arguments->options;
  CLI::Option* const data = command->add_option("--data", arguments->data, "Folders of shards");
  CLI::Option* const url =
      command->add_option("--url", arguments->url, "URL of shards: s3://, https:// or http://");
  command->add_option("--cache", arguments->cache, "Folder that their shards are kept in")
      ->needs(url);
  command
      ->add_option("--rate", options.rate,
                   "Tokens a second that a trainer takes, to see how long it waits; 0: none")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--tokenizer", arguments->tokenizer, "Tokenizer folder");
  command->add_option("--policy", arguments->policy, "Masking")
      ->check(CLI::IsMember({"none", "uniform", "whole_word", "guided"}))
      ->capture_default_str();
  command->add_option("--salience", arguments->salience, "Salience table, for guided masking");
  command->add_option("--context", options.context_length, "Tokens a row")
      ->capture_default_str()
      ->check(CLI::Range(batch::kMinContextLength, 1 << 20));
  command->add_option("--tokens", options.tokens, "Tokens a repeat")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--repeats", options.repeats, "Timed repeats")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--lanes", options.data.lanes, "Lanes")
      ->capture_default_str()
      ->check(CLI::Range(1, 65536));
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments, data, url] {
    if (data->count() + url->count() == 0) throw CLI::RequiredError("--data or --url");
    bench_loader(*arguments);
  });
  command->footer(
      "Examples:\n"
      "  rexbert bench loader --data shards/general/train --tokenizer tokenizers/demo\n"
      "  rexbert bench loader --url http://localhost:8080/general --policy none --rate 10e6 "
      "--repeats 1");
}

namespace {

struct TokenizeArguments {
  std::string tokenizer;
  std::vector<std::string> inputs;
  bool json = false;
  tokenizer::EncodeBenchOptions options;
};

void bench_tokenize(const TokenizeArguments& arguments) {
  const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), arguments.tokenizer);
  std::vector<fs::path> inputs(arguments.inputs.begin(), arguments.inputs.end());
  const tokenizer::EncodeBenchResult result =
      tokenizer::bench_encode(Env::posix(), tokenizer, inputs, arguments.options);
  const auto bytes = static_cast<double>(result.bytes);
  const double rate = bytes / result.median_seconds();
  const auto [fastest, slowest] = std::minmax_element(result.seconds.begin(), result.seconds.end());
  if (arguments.json) {
    const Json json = {{"threads", arguments.options.threads},
                       {"documents", result.documents},
                       {"bytes", result.bytes},
                       {"tokens", result.tokens},
                       {"repeats", arguments.options.repeats},
                       {"bytes_per_second", rate},
                       {"slowest_bytes_per_second", bytes / *slowest},
                       {"fastest_bytes_per_second", bytes / *fastest},
                       {"tokens_per_second", rate / bytes * static_cast<double>(result.tokens)}};
    std::printf("%s\n", json.dump().c_str());
    return;
  }
  std::printf(
      "%.1f MB/s of text, %.2f M tok/s, %d threads  (slowest %.1f, fastest %.1f MB/s of %d)  "
      "%.2f bytes a token\n",
      rate / 1e6, rate / bytes * static_cast<double>(result.tokens) / 1e6,
      arguments.options.threads, bytes / *slowest / 1e6, bytes / *fastest / 1e6,
      arguments.options.repeats, bytes / static_cast<double>(result.tokens));
}

}  // namespace

void add_bench_tokenize(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand("tokenize", "Text to ids, from memory to memory");
  const auto arguments = std::make_shared<TokenizeArguments>();
  tokenizer::EncodeBenchOptions& options = arguments->options;
  command->add_option("inputs", arguments->inputs, "Text files, as `rexbert tokenize` reads them")
      ->required();
  command->add_option("--tokenizer", arguments->tokenizer, "Tokenizer folder")->required();
  command->add_option("--bytes", options.bytes, "Of the text, at most, from the front")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--threads", options.threads, "Threads that encode")
      ->capture_default_str()
      ->check(CLI::Range(1, 1024));
  command->add_option("--repeats", options.repeats, "Timed repeats, after one that is not")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments] { bench_tokenize(*arguments); });
  command->footer(
      "Example: rexbert bench tokenize text.jsonl.zst --tokenizer tokenizers/demo --threads 2");
}

}  // namespace rexbert::cli
