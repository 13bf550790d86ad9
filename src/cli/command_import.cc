#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/hf/exchange.h"

namespace rexbert::cli {
namespace {

struct Options {
  std::string from, to;
  uint64_t seed = 0;
};

void run_import(const Options& options) {
  const hf::ImportReport report =
      hf::import_model(Env::posix(), options.from, options.to, options.seed);
  const auto line = [](const char* label, const std::string& text) {
    std::printf("%-16s%s\n", label, text.c_str());
  };
  const auto names = [](const std::vector<std::string>& list) {
    return list.empty() ? "none" : str_join(list, ", ");
  };
  line("parameters", format_count(nn::parameter_count(report.config.encoder)));
  line("context", format_count(report.config.max_position_embeddings) + " tokens");
  line("begun anew", names(report.unmatched.missing));
  line("left behind", names(report.unmatched.superfluous));
  line("files copied", names(report.copied));
  line("written to", options.to);
}

}  // namespace

void add_import_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "import", "Take over a Hugging Face folder of the ModernBERT family, to train on from it");
  command->add_option("--from", options->from, "Folder with config.json and safetensors")
      ->required();
  command->add_option("--to", options->to, "Folder to write, new or empty")->required();
  command->add_option("--seed", options->seed, "Of an MLM head that the folder lacks")
      ->capture_default_str();
  command->callback([options] { run_import(*options); });
  command->footer("Example: rexbert import --from ModernBERT-base --to models/modernbert");
}

}  // namespace rexbert::cli
