#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>

#include "cli/commands.h"
#include "cli/run_options.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/net/web_env.h"
#include "rexbert/plan/report.h"
#include "rexbert/shard/stream_info.h"
#include "rexbert/train/run.h"
#include "rexbert/train/run_config.h"

namespace rexbert::cli {
namespace {

// Tokens of the streams that are there and say how many they hold.
std::map<std::string, int64_t> tokens_held(const train::RunConfig& config) {
  net::WebEnv env(Env::posix());
  std::map<std::string, int64_t> held;
  for (const auto& [name, stream] : config.streams) {
    if (const auto info = shard::StreamInfo::load(env, stream.path)) {
      held[name] = static_cast<int64_t>(info->tokens());
    }
  }
  return held;
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
  if (options.world_size) ranks = {*options.world_size, config.data.micro_tokens};
  const auto held = tokens_held(config);
  const auto report = with_context(
      "--world-size", [&] { return plan::make_report(plan, held, &loaded.reader, ranks); });
  const int64_t parameters = nn::parameter_count(config.model);
  if (options.json) {
    Json json = plan::to_json(report);
    json["parameters"] = parameters;
    std::printf("%s\n", json.dump(2).c_str());
    return;
  }
  std::printf("%s: %s parameters, %lld layers, hidden size %lld\n\n%s", config.run.name.c_str(),
              format_count(parameters).c_str(), static_cast<long long>(config.model.layers),
              static_cast<long long>(config.model.hidden), plan::to_text(report).c_str());
}

}  // namespace

void add_plan_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("plan", "Print what a run will do, phase by phase, without running it");
  const auto options = std::make_shared<Options>();
  options->run.add_to(*command);
  command->add_option("--world-size", options->world_size,
                      "Also say what each of so many ranks does of a batch; divides data.lanes");
  command->add_flag("--json", options->json, "Print JSON instead of text");
  command->callback([options] { print_plan(*options); });
  command->footer(
      "Examples:\n"
      "  rexbert plan --config configs/base/pretrain.yaml\n"
      "  rexbert plan --config configs/base/pretrain.yaml --world-size 32");
}

}  // namespace rexbert::cli
