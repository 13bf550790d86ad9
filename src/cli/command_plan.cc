#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/run_options.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/net/web_env.h"
#include "rexbert/plan/report.h"
#include "rexbert/shard/cache_options.h"
#include "rexbert/shard/stream_info.h"
#include "rexbert/train/micro_batch.h"
#include "rexbert/train/run.h"
#include "rexbert/train/run_config.h"

namespace rexbert::cli {
namespace {

// Tokens of the streams that are there and say how many they hold.
std::map<std::string, int64_t> tokens_held(const train::RunConfig& config) {
  net::WebEnv env(Env::posix(), {.max_attempts = 1});
  std::map<std::string, int64_t> held;
  for (const auto& [name, stream] : config.streams) {
    try {
      if (const auto info = shard::StreamInfo::load(env, stream.path)) {
        held[name] = static_cast<int64_t>(info->tokens());
      }
    } catch (const Error& error) {
      if (!shard::is_stream_url(stream.path)) throw;
      log::warning(
          str_cat("streams.", name, ": ", error.what(), "; what it holds is not looked at"));
    }
  }
  return held;
}

Json to_json(const train::MicroBatchPlan& micro) {
  const nn::MemoryEstimate& memory = micro.memory;
  return {{"micro_tokens", micro.tokens},      {"settled", micro.is_settled},
          {"bytes", memory.total()},           {"weights", memory.weights},
          {"gradients", memory.gradients},     {"moments", memory.moments},
          {"activations", memory.activations}, {"loss", memory.loss},
          {"workspace", memory.workspace},     {"process", memory.process}};
}

void print_memory(const train::RunConfig& config, const train::MicroBatchPlan& micro) {
  const bool compared =
      config.run.device == "cpu" && config.run.device_precision() == nn::Precision::kF32;
  const auto bytes = [](double value) { return format_bytes(static_cast<uint64_t>(value)); };
  const nn::MemoryEstimate& memory = micro.memory;
  std::printf(
      "\nmemory of a rank at its peak, predicted%s: %s for micro-batches of %s tokens%s\n"
      "  weights %s, gradients %s, moments %s, activations %s, loss %s, workspace %s, program %s\n",
      compared ? "" : " (never compared with a GPU's or with bf16)", bytes(memory.total()).c_str(),
      format_count(micro.tokens).c_str(),
      micro.is_settled ? "" : " (auto: the run settles it, by the memory that it finds)",
      bytes(memory.weights).c_str(), bytes(memory.gradients).c_str(), bytes(memory.moments).c_str(),
      bytes(memory.activations).c_str(), bytes(memory.loss).c_str(),
      bytes(memory.workspace).c_str(), bytes(memory.process).c_str());
}

struct Options {
  RunConfigOptions run;
  std::optional<int64_t> world_size;
  bool json = false;
};

void print_plan(const Options& options) {
  const auto loaded =
      train::load_run_config(Env::posix(), options.run.config, options.run.overrides);
  const train::RunConfig& config = loaded.config;
  const plan::Plan plan = train::plan_of(Env::posix(), config);
  std::optional<plan::Ranks> ranks;
  const train::MicroBatchPlan micro =
      train::plan_micro_batch(config, plan, static_cast<int>(options.world_size.value_or(1)));
  if (options.world_size) ranks = {*options.world_size, micro.tokens};
  const auto held = tokens_held(config);
  const auto report = with_context(
      "--world-size", [&] { return plan::make_report(plan, held, &loaded.reader, ranks); });
  const int64_t parameters = nn::parameter_count(config.model);
  if (options.json) {
    Json json = plan::to_json(report);
    json["parameters"] = parameters;
    json["memory"] = to_json(micro);
    std::printf("%s\n", json.dump(2).c_str());
    return;
  }
  std::printf("%s: %s parameters, %lld layers, hidden size %lld\n\n%s", config.run.name.c_str(),
              format_count(parameters).c_str(), static_cast<long long>(config.model.layers),
              static_cast<long long>(config.model.hidden), plan::to_text(report).c_str());
  print_memory(config, micro);
}

}  // namespace

void add_plan_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("plan", "Print what a run will do, phase by phase, without running it");
  const auto options = std::make_shared<Options>();
  options->run.add_to(*command);
  command
      ->add_option("--world-size", options->world_size,
                   "Also say what each of so many ranks does of a batch; divides data.lanes")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20));
  command->add_flag("--json", options->json, "Print JSON instead of text");
  command->callback([options] { print_plan(*options); });
  command->footer(
      "Examples:\n"
      "  rexbert plan --config configs/base/pretrain.yaml\n"
      "  rexbert plan --config configs/base/pretrain.yaml --world-size 32");
}

}  // namespace rexbert::cli
