#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/bench_commands.h"
#include "rexbert/batch/loader_bench.h"
#include "rexbert/batch/masking.h"
#include "rexbert/core/json.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "rexbert/ops/memory.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/train/bench.h"
#include "rexbert/train/op_bench.h"
#include "rexbert/train/step_bench.h"

namespace rexbert::cli {
namespace {

struct TrainArguments {
  std::string preset = "micro";
  std::string precision = "f32";
  bool dropout = false;
  bool any_order = false;
  bool no_overlap = false;
  bool json = false;
  std::vector<std::string> data;
  std::string tokenizer;
  train::TrainBenchOptions options;
};

// The steps of --data, masked uniformly, of one rank.
std::shared_ptr<batch::StepSource> open_data(const TrainArguments& arguments,
                                             const tokenizer::Tokenizer& tokenizer,
                                             const dist::Launch& launch) {
  const train::TrainBenchOptions& options = arguments.options;
  batch::LoaderBenchOptions reading;
  for (const std::string& path : arguments.data) {
    reading.streams.emplace_back();
    reading.streams.back().path = path;
  }
  const int64_t rows = options.sequences * launch.world_size;
  // What is made ahead must not be all there is, or the last steps would have nothing to wait for.
  constexpr int64_t kStepsBeyond = 1 << 20;
  const int64_t steps = 1 + options.warmup_steps + options.steps + kStepsBeyond;
  reading.data.lanes = static_cast<int32_t>(rows);
  reading.data.micro_tokens = options.sequences * options.context_length;
  reading.context_length = static_cast<int32_t>(options.context_length);
  reading.tokens = steps * rows * options.context_length;
  reading.masking.probability = options.masked_share;
  reading.tokenizer = batch::identity_of(tokenizer, arguments.tokenizer);
  const batch::Masker masker(17, batch::MaskVocabulary::from(tokenizer));
  reading.mask = [masker](const plan::MaskingSpec& spec, batch::PackedBatch& packed) {
    masker.apply(spec, packed);
  };
  batch::LoaderSetup setup = batch::loader_bench_setup(Env::posix(), reading);
  setup.rank = launch.rank;
  setup.world = launch.world_size;
  return std::make_shared<batch::Loader>(std::move(setup));
}

// Completes the options.
const train::TrainBenchOptions& prepare(const dist::Launch& launch, TrainArguments& arguments) {
  ops::keep_freed_memory();
  train::TrainBenchOptions& options = arguments.options;
  options.model = nn::preset(arguments.preset);
  if (!arguments.dropout) options.model.attention_dropout_out = 0;
  options.precision = arguments.precision == "bf16" ? nn::Precision::kBf16 : nn::Precision::kF32;
  options.deterministic = !arguments.any_order;
  options.reducer.overlap = !arguments.no_overlap;
  options.device_index = launch.local_rank;
  if (options.threads == 0) options.threads = dist::threads_of(launch);
  if (!arguments.data.empty()) {
    const auto tokenizer = tokenizer::Tokenizer::load(Env::posix(), arguments.tokenizer);
    options.model.vocabulary = tokenizer.vocabulary_size();
    options.source = open_data(arguments, tokenizer, launch);
  }
  return options;
}

void bench_train(TrainArguments arguments) {
  const dist::Launch launch = dist::discover_launch({});
  const train::TrainBenchOptions& options = prepare(launch, arguments);
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
                       {"data_wait", result.data_wait},
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
  if (options.source) {
    std::printf("waits for data for %.3f%% of its time\n", 100 * result.data_wait);
  }
  if (launch.world_size == 1) return;
  std::printf(
      "%d ranks, each at that rate; a step %.1f ms, of which exposed sums of gradients %.1f ms, "
      "waiting for slower ranks %.1f ms\n",
      launch.world_size, 1e3 * result.median_seconds(), 1e3 * result.median_exposed_seconds(),
      1e3 * (result.median_waited_seconds() - result.median_exposed_seconds()));
}

// What `train` and `step` have in common.
void add_shape_options(CLI::App& command, TrainArguments& arguments) {
  train::TrainBenchOptions& options = arguments.options;
  command.add_option("--preset", arguments.preset, "micro, small, mini, base or large")
      ->capture_default_str();
  command.add_option("--sequences", options.sequences, "Sequences a step")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--context", options.context_length, "Tokens a sequence")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--steps", options.steps, "Timed steps")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command.add_option("--warmup", options.warmup_steps, "Steps before them that are not timed")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command.add_option("--threads", options.threads, "0: the rank's share of the cores")
      ->capture_default_str();
  command.add_flag("--dropout", arguments.dropout, "With the preset's dropout");
  command.add_flag("--json", arguments.json, "Print JSON");
}

std::string rate_text(double per_second, const char* unit) {
  return str_printf("%.1f G%s/s", per_second / 1e9, unit);
}

Json to_json(const train::StepBenchRow& row) {
  return {{"part", row.part},
          {"forward_seconds", row.forward_seconds},
          {"backward_seconds", row.backward_seconds},
          {"flops", row.cost.flops},
          {"bytes", row.cost.bytes},
          {"share", row.share},
          {"of_ceiling", row.of_ceiling}};
}

void bench_step(TrainArguments arguments) {
  const dist::Launch launch = dist::discover_launch({});
  const train::TrainBenchOptions& options = prepare(launch, arguments);
  const auto group = dist::connect(launch, {.device = options.device});
  const train::StepBenchResult result = train::bench_step(options, *group);
  const auto tokens = static_cast<double>(options.sequences * options.context_length);
  const auto [fastest, slowest] = std::minmax_element(result.seconds.begin(), result.seconds.end());
  if (arguments.json) {
    Json json = {{"preset", arguments.preset},
                 {"sequences", options.sequences},
                 {"context_length", options.context_length},
                 {"threads", options.threads},
                 {"steps", options.steps},
                 {"seconds", result.median_seconds()},
                 {"slowest_seconds", *slowest},
                 {"fastest_seconds", *fastest},
                 {"tokens_per_second", tokens / result.median_seconds()},
                 {"flops", result.flops},
                 {"product_ceiling_flops_per_second", result.product_ceiling},
                 {"copy_ceiling_bytes_per_second", result.copy_ceiling},
                 {"model_flops_utilization", result.utilization},
                 {"peak_memory_gib", result.peak_memory_gib},
                 {"parts", Json::array()}};
    for (const train::StepBenchRow& row : result.rows) json["parts"].push_back(to_json(row));
    std::printf("%s\n", json.dump(2).c_str());
    return;
  }
  std::printf(
      "%s %lldx%lld f32, %d threads: a step of %.1f ms (fastest %.1f, slowest %.1f of %d), "
      "%.0f tok/s, peak %.2f GiB\n"
      "ceiling here: %s by a matrix product, %s by a copy; model FLOPs utilization %.1f%%\n\n"
      "%-17s %10s %10s %7s %10s %10s %10s %10s\n",
      arguments.preset.c_str(), static_cast<long long>(options.sequences),
      static_cast<long long>(options.context_length), options.threads,
      1e3 * result.median_seconds(), 1e3 * *fastest, 1e3 * *slowest, options.steps,
      tokens / result.median_seconds(), result.peak_memory_gib,
      rate_text(result.product_ceiling, "FLOP").c_str(),
      rate_text(result.copy_ceiling, "B").c_str(), 100 * result.utilization, "part", "forward ms",
      "backw. ms", "share", "GFLOP", "MB", "GFLOP/s", "of ceiling");
  for (const train::StepBenchRow& row : result.rows) {
    std::printf("%-17s %10.2f %10.2f %6.1f%% %10.2f %10.1f %10.1f %9.0f%%\n", row.part.c_str(),
                1e3 * row.forward_seconds, 1e3 * row.backward_seconds, 100 * row.share,
                row.cost.flops / 1e9, row.cost.bytes / 1e6,
                row.seconds() > 0 ? row.cost.flops / row.seconds() / 1e9 : 0.0,
                100 * row.of_ceiling);
  }
}

struct OpArguments {
  std::string preset = "micro";
  std::vector<int64_t> contexts = {512};
  bool json = false;
  train::OpBenchOptions options;
};

void bench_op(OpArguments arguments) {
  train::OpBenchOptions& options = arguments.options;
  options.model = nn::preset(arguments.preset);
  ops::keep_freed_memory();
  if (options.threads == 0) options.threads = dist::threads_of(dist::discover_launch({}));
  for (const int64_t context : arguments.contexts) {
    options.context_length = context;
    const train::OpBenchResult result = train::bench_op(options);
    const double seconds = result.median_seconds();
    const double forward = median(result.forward_seconds);
    const auto [fastest, slowest] =
        std::minmax_element(result.forward_seconds.begin(), result.forward_seconds.end());
    if (arguments.json) {
      const Json json = {{"op", options.op},
                         {"preset", arguments.preset},
                         {"tokens", options.tokens},
                         {"context_length", context},
                         {"local", options.local},
                         {"reference", options.reference},
                         {"threads", options.threads},
                         {"repeats", options.repeats},
                         {"seconds", seconds},
                         {"forward_seconds", forward},
                         {"fastest_forward_seconds", *fastest},
                         {"slowest_forward_seconds", *slowest},
                         {"flops", result.flops},
                         {"bytes", result.bytes}};
      std::printf("%s\n", json.dump().c_str());
      continue;
    }
    std::printf(
        "%s, %lld tokens in sequences of %lld: forward %.2f ms (fastest %.2f, slowest %.2f of %d), "
        "backward %.2f ms, %.1f ns a token, %.1f GFLOP/s, %.1f GB/s\n",
        options.op.c_str(), static_cast<long long>(options.tokens), static_cast<long long>(context),
        1e3 * forward, 1e3 * *fastest, 1e3 * *slowest, options.repeats, 1e3 * (seconds - forward),
        1e9 * seconds / static_cast<double>(options.tokens), result.flops / seconds / 1e9,
        result.bytes / seconds / 1e9);
  }
}

}  // namespace

void add_bench_train(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "train", "Forward, backward and optimizer on full sequences of random tokens, or on shards");
  const auto arguments = std::make_shared<TrainArguments>();
  train::TrainBenchOptions& options = arguments->options;
  add_shape_options(*command, *arguments);
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
  CLI::Option* const tokenizer =
      command->add_option("--tokenizer", arguments->tokenizer, "Tokenizer folder of --data");
  command
      ->add_option(
          "--data", arguments->data,
          "Folders or URLs of shards to read the steps from, uniformly masked, as training "
          "does; the wait for them is in the time")
      ->needs(tokenizer);
  tokenizer->needs("--data");
  command->callback([arguments] { bench_train(*arguments); });
  command->footer(
      "Examples:\n"
      "  rexbert bench train --data shards/general/train --tokenizer tokenizers/demo\n"
      "  rexbert bench train --preset micro --sequences 16 --context 512\n"
      "  torchrun --no-python --nproc-per-node 2 rexbert bench train --preset mini");
}

void add_bench_step(CLI::App& bench) {
  CLI::App* command = bench.add_subcommand(
      "step", "Where the steps of `bench train` spend their time, part by part (CPU, f32)");
  const auto arguments = std::make_shared<TrainArguments>();
  add_shape_options(*command, *arguments);
  command->callback([arguments] { bench_step(*arguments); });
  command->footer("Example: rexbert bench step --preset base --sequences 4 --context 512");
}

void add_bench_op(CLI::App& bench) {
  CLI::App* command =
      bench.add_subcommand("op", "One op, forward and backward, on random data (CPU, f32)");
  const auto arguments = std::make_shared<OpArguments>();
  train::OpBenchOptions& options = arguments->options;
  command->add_option("op", options.op, "Which one")
      ->capture_default_str()
      ->check(CLI::IsMember(train::op_names()));
  command->add_option("--preset", arguments->preset, "Whose shapes: micro, small, mini, ...")
      ->capture_default_str();
  command->add_option("--tokens", options.tokens, "Tokens; a multiple of the context")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--context", arguments->contexts, "Tokens a sequence; several: one by one")
      ->capture_default_str()
      ->delimiter(',')
      ->check(CLI::PositiveNumber);
  command->add_flag("--local", options.local, "Of attention: within the preset's window");
  command->add_flag("--reference", options.reference, "ops::reference in its place, to compare");
  command->add_option("--repeats", options.repeats, "Timed repeats, after one that is not")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  command->add_option("--threads", options.threads, "0: all cores")->capture_default_str();
  command->add_flag("--json", arguments->json, "Print JSON, a line a context");
  command->callback([arguments] { bench_op(*arguments); });
  command->footer(
      "Examples:\n"
      "  rexbert bench op attention --local --tokens 16384 --context 512,2048,8192\n"
      "  rexbert bench op geglu --reference");
}

}  // namespace rexbert::cli
