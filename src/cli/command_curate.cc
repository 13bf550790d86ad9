#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/curate_cluster.h"
#ifdef REXBERT_HAS_COMMAND_TRAIN
#include "cli/encoder_learner.h"
#endif
#include "cli/run_options.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/corpus/tokenize.h"
#include "rexbert/curate/pipeline.h"

namespace rexbert::cli {
namespace {

curate::MakeEncoderLearner encoder_learner() {
#ifdef REXBERT_HAS_COMMAND_TRAIN
  return make_encoder_learner;
#else
  return {};
#endif
}

struct Options : RunConfigOptions {
  std::string part = "1/1";
  bool from_stdin = false;
  bool to_stdout = false;
  bool located = false;
  std::string counts;

  curate::CurateConfig load() const {
    return curate::load_curate_config(Env::posix(), config, overrides);
  }
  curate::Pipeline pipeline() const {
    return {Env::posix(), load(), corpus::parse_part(part), encoder_learner()};
  }
};

void filter_standard_input(const Options& options) {
  const curate::StreamCounts counts = curate::filter_stream(
      Env::posix(), options.load(), {.located = options.located}, print, encoder_learner());
  if (!options.counts.empty()) {
    const Json json = {{"files", counts.files}};
    publish_file(Env::posix(), options.counts, json.dump(1) + "\n");
  }
  log::info(str_cat("kept ", counts.kept, " of ", counts.read, " documents"));
}

CLI::App* add_stage(CLI::App& command, const std::string& name, const std::string& what,
                    const std::shared_ptr<Options>& options) {
  CLI::App* stage = command.add_subcommand(name, what);
  options->add_to(*stage);
  stage->footer(str_cat("Example: rexbert curate ", name, " --config configs/curate/ecom.yaml"));
  return stage;
}

const char* description(const std::string& stage) {
  if (stage == "explore") return "Count documents, lines and their e-commerce share by domain";
  if (stage == "sample") return "Draw the documents whose lines are labelled";
  if (stage == "label") return "Label the lines of the sample";
  if (stage == "audit") return "Label a part again and measure the agreement";
  if (stage == "train-classifier") return "Train a classifier for each domain";
  if (stage == "filter") return "Keep the e-commerce lines of all documents";
  if (stage == "dedup") return "Drop exact and near duplicates";
  if (stage == "decontaminate") return "Drop documents that overlap with evaluation data";
  if (stage == "write") return "Write the corpus, a file and a stream of shards for each domain";
  return "Report what became of everything, as a page and as JSON";
}

}  // namespace

void add_curate_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("curate", "Make an e-commerce corpus of web text (docs/curation.md)");
  command->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  add_stage(*command, "run", "All stages, one after the other", options)->callback([options] {
    options->pipeline().run_all();
  });
  for (const std::string& name : curate::Pipeline::stages()) {
    CLI::App* stage = add_stage(*command, name, description(name), options);
    if (curate::Pipeline::has_parts(name)) {
      stage->add_option("--part", options->part, "i/n: of the input files, this part's")
          ->capture_default_str();
    }
    if (name == "filter") {
      auto* in = stage->add_flag("--stdin", options->from_stdin,
                                 "Read documents as JSON lines from standard input");
      auto* out =
          stage->add_flag("--stdout", options->to_stdout, "Write the kept ones to standard output");
      in->needs(out);
      out->needs(in);
      stage
          ->add_flag("--located", options->located,
                     "Each line, in and out, begins with FILE, a tab, the line's number in it "
                     "and a tab: where the document comes from")
          ->needs(in);
      stage
          ->add_option("--counts", options->counts,
                       "File for what was read, dropped and kept, by file and domain, as JSON")
          ->needs(in);
    }
    stage->callback([options, name] {
      if (options->from_stdin) {
        filter_standard_input(*options);
      } else {
        options->pipeline().run(name);
      }
    });
  }
  add_cluster_commands(*command);
  CLI::App* docs = command->add_subcommand("docs", "Print the reference of all keys in Markdown");
  docs->footer("Example: rexbert curate docs > curation-configuration.md");
  docs->callback([] { std::fputs(curate::curate_configuration_reference().c_str(), stdout); });
  command->footer("Example: rexbert curate run --config configs/curate/ecom.yaml");
}

}  // namespace rexbert::cli
