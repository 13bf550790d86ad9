#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "rexbert/batch/loader_bench.h"
#include "rexbert/batch/masking.h"
#include "rexbert/batch/pack.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"
#include "rexbert/dist/bench.h"
#include "rexbert/nn/device.h"
#include "rexbert/ops/memory.h"
#include "rexbert/plan/options.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/bench.h"

namespace rexbert::cli {
namespace {

struct TrainArguments {
  std::string preset = "micro";
  std::string precision = "f32";
  bool dropout = false;
  bool any_order = false;
  bool no_overlap = false;
  bool json = false;
  train::TrainBenchOptions options;
};

void bench_train(TrainArguments arguments) {
  train::TrainBenchOptions& options = arguments.options;
  options.model = nn::preset(arguments.preset);
  if (!arguments.dropout) options.model.attention_dropout_out = 0;
  options.precision = arguments.precision == "bf16" ? nn::Precision::kBf16 : nn::Precision::kF32;
  options.deterministic = !arguments.any_order;
  options.reducer.overlap = !arguments.no_overlap;
  ops::keep_freed_memory();
  const dist::Launch launch = dist::discover_launch({});
  options.device_index = launch.local_rank;
  if (options.threads == 0) options.threads = dist::threads_of(launch);
  const auto group = dist::connect(launch, {.device = options.device});
  const train::TrainBenchResult result = train::bench_train(options, *group);
  if (launch.rank != 0) return;
  const auto tokens = static_cast<double>(options.sequences * options.context_length);
  const auto [fastest, slowest] = std::minmax_element(result.seconds.begin(), result.seconds.end());
  const double rate = tokens / result.median_seconds();
  if (arguments.json) {
    const Json json = {{"preset", arguments.preset},
                       {"sequences", options.sequences},
                       {"context_length", options.context_length},
                       {"device", options.device},
                       {"precision", arguments.precision},
                       {"deterministic", options.deterministic},
                       {"tokens_per_second", rate},
                       {"slowest_tokens_per_second", tokens / *slowest},
                       {"fastest_tokens_per_second", tokens / *fastest},
                       {"steps", options.steps},
                       {"loss", result.loss},
                       {"ranks", launch.world_size},
                       {"seconds", result.median_seconds()},
                       {"waited_seconds", result.median_waited_seconds()},
                       {"exposed_seconds", result.median_exposed_seconds()},
                       {"peak_memory_gib", result.peak_memory_gib}};
    std::printf("%s\n", json.dump().c_str());
    return;
  }
  std::printf(
      "%s %lldx%lld %s: %.0f tok/s  (slowest %.0f, fastest %.0f of %d steps)  loss %.3f  "
      "peak %.2f GiB\n",
      arguments.preset.c_str(), static_cast<long long>(options.sequences),
      static_cast<long long>(options.context_length), arguments.precision.c_str(), rate,
      tokens / *slowest, tokens / *fastest, options.steps, result.loss, result.peak_memory_gib);
  if (launch.world_size == 1) return;
  std::printf(
      "%d ranks, each at that rate; a step %.1f ms, of which exposed sums of gradients %.1f ms, "
      "waiting for slower ranks %.1f ms\n",
      launch.world_size, 1e3 * result.median_seconds(), 1e3 * result.median_exposed_seconds(),
      1e3 * (result.median_waited_seconds() - result.median_exposed_seconds()));
}

void add_train(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "train", "Forward, backward and optimizer on full sequences of random tokens");
  const auto arguments = std::make_shared<TrainArguments>();
  train::TrainBenchOptions& options = arguments->options;
  command->add_option("--preset", arguments->preset, "micro, small, mini, base or large")
      ->capture_default_str();
  command->add_option("--sequences", options.sequences, "Sequences a step")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--context", options.context_length, "Tokens a sequence")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--steps", options.steps, "Timed steps, after two that are not")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--threads", options.threads, "0: the rank's share of the cores")
      ->capture_default_str();
  command->add_option("--device", options.device, "Where the model lives")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--precision", arguments->precision, "What activations are computed in")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  command->add_flag("--any-order", arguments->any_order,
                    "On a GPU: without run.deterministic's fixed order of sums");
  command->add_flag("--no-overlap", arguments->no_overlap,
                    "Of several ranks: sum gradients after the backward pass, to compare");
  command->add_flag("--dropout", arguments->dropout, "With the preset's dropout");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments] { bench_train(*arguments); });
  command->footer(
      "Examples:\n"
      "  rexbert bench train --preset micro --sequences 16 --context 512\n"
      "  torchrun --no-python --nproc-per-node 2 rexbert bench train --preset mini");
}

struct AllReduceArguments {
  std::string device = "cpu";
  uint64_t least = 1 << 10;
  uint64_t most = 64 << 20;
  int repeats = 20;
  bool json = false;
};

void bench_all_reduce(const AllReduceArguments& arguments) {
  const dist::Launch launch = dist::discover_launch({});
  const auto group = dist::connect(launch, {.device = arguments.device});
  const c10::Device device = nn::use_device(arguments.device, false, launch.local_rank);
  const bool first = launch.rank == 0;
  if (first && !arguments.json) {
    std::printf("%d ranks, float32, median of %d\n%14s %12s %14s %14s\n", launch.world_size,
                arguments.repeats, "bytes", "time us", "algbw GB/s", "busbw GB/s");
  }
  for (uint64_t bytes = arguments.least; bytes <= arguments.most; bytes *= 4) {
    const dist::AllReduceTimes times = dist::bench_all_reduce(
        *group, at::TensorOptions(device), static_cast<int64_t>(bytes), arguments.repeats);
    if (!first) continue;
    const double algorithm = times.algorithm_bandwidth() / 1e9;
    const double bus = times.bus_bandwidth(launch.world_size) / 1e9;
    if (arguments.json) {
      const Json line = {{"ranks", launch.world_size},
                         {"bytes", times.bytes},
                         {"seconds", times.median_seconds()},
                         {"algorithm_gigabytes_per_second", algorithm},
                         {"bus_gigabytes_per_second", bus}};
      std::printf("%s\n", line.dump().c_str());
    } else {
      std::printf("%14lld %12.1f %14.3f %14.3f\n", static_cast<long long>(times.bytes),
                  1e6 * times.median_seconds(), algorithm, bus);
    }
  }
}

void add_all_reduce(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "allreduce", "Sums over the ranks of a launcher, as nccl-tests measures them");
  const auto arguments = std::make_shared<AllReduceArguments>();
  command->add_option("--device", arguments->device, "Where the tensors lie")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command->add_option("--from", arguments->least, "Smallest tensor, bytes")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{4}, uint64_t{1} << 40));
  command->add_option("--to", arguments->most, "Largest tensor, bytes; each is four times the last")
      ->capture_default_str();
  command->add_option("--repeats", arguments->repeats, "Timed sums of each size")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_flag("--json", arguments->json, "Print JSON, a line a size");
  command->callback([arguments] { bench_all_reduce(*arguments); });
  command->footer("Example: torchrun --no-python --nproc-per-node 4 rexbert bench allreduce");
}

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

void add_loader(CLI::App& bench) {
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

}  // namespace

void add_bench_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("bench", "Time the parts on this machine");
  command->require_subcommand(1);
  add_train(*command);
  add_all_reduce(*command);
  add_loader(*command);
}

}  // namespace rexbert::cli
