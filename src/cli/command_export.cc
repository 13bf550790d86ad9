#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "rexbert/ckpt/model_card.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/exchange.h"

namespace rexbert::cli {
namespace {

struct Options {
  std::string checkpoint, to, name;
  hf::ExportOptions to_write;
};

void run_export(Options options) {
  Env& env = Env::posix();
  if (options.name.empty()) options.name = fs::absolute(options.to).filename().string();
  const fs::path checkpoint = with_context(
      "--checkpoint", [&] { return ckpt::resolve_checkpoint(env, options.checkpoint); });
  options.to_write.card = ckpt::model_card(env, checkpoint, options.name);
  hf::export_model(env, checkpoint, options.to, options.to_write);
  std::printf("%-16s%s\n", "written to", options.to.c_str());
}

}  // namespace

void add_export_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "export", "Write a checkpoint as a folder for transformers and sentence-transformers");
  command
      ->add_option("--checkpoint", options->checkpoint,
                   "Checkpoint folder, or a run directory: its newest")
      ->required();
  command->add_option("--to", options->to, "Folder to write, new or empty")->required();
  command->add_option("--dtype", options->to_write.dtype, "Of the weights")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  command->add_option("--name", options->name, "Of the model in its card (default: the folder's)");
  command->callback([options] { run_export(*options); });
  command->footer(
      "Example: rexbert export --checkpoint runs/base/phase3/checkpoints/step-000518130 "
      "--to rexbert-base --dtype bf16");
}

}  // namespace rexbert::cli
