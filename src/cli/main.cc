#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/version.h"

namespace {

void add_commands(CLI::App& app) {
  using namespace rexbert::cli;
#ifdef REXBERT_HAS_COMMAND_CONFIG
  add_config_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_CORPUS
  add_corpus_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_TOKENIZER
  add_tokenizer_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_TOKENIZE
  add_tokenize_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_SHARDS
  add_shards_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_CURATE
  add_curate_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_SALIENCE
  add_salience_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_PLAN
  add_plan_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_TRAIN
  add_train_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_EVAL
  add_eval_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_IMPORT
  add_import_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_EXPORT
  add_export_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_EMBED
  add_embed_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_FILL_MASK
  add_fill_mask_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_BENCH
  add_bench_command(app);
#endif
#ifdef REXBERT_HAS_COMMAND_DOCTOR
  add_doctor_command(app);
#endif
  add_completion_command(app);
}

// CLI11 says only that a command is required when the word in its place, argv[at], is none.
void check_command(const CLI::App& app, int at, int argc, char** argv) {
  if (app.get_require_subcommand_min() == 0 || at >= argc || argv[at][0] == '-') return;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    known.push_back(command->get_name());
    if (known.back() == argv[at]) return check_command(*command, at + 1, argc, argv);
  }
  const std::string nearest = rexbert::nearest_name(argv[at], known);
  throw rexbert::Error(
      rexbert::ErrorCode::kUsage,
      rexbert::str_cat("unknown command ", rexbert::str_quote(argv[at]),
                       nearest.empty() ? "; expected one of " + rexbert::str_join(known, ", ")
                                       : "; did you mean " + nearest + "?"));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("RexBERT: from text to a finished encoder", "rexbert");
  app.set_version_flag("--version",
                       rexbert::str_cat("rexbert ", rexbert::kVersion, "\n", REXBERT_BUILD));
  app.require_subcommand(1);
  bool verbose = false;
  app.add_flag("-v,--verbose", verbose, "Print debug lines");
  app.parse_complete_callback([&verbose] {
    if (verbose) rexbert::log::set_level(rexbert::log::Level::kDebug);
  });
  add_commands(app);
  try {
    check_command(app, 1, argc, argv);
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& error) {
    // Help and version are successes; everything else is a wrong command line.
    return app.exit(error) == 0 ? 0 : static_cast<int>(rexbert::ErrorCode::kUsage);
  } catch (const rexbert::Error& error) {
    rexbert::log::set_status("");
    std::fprintf(stderr, "rexbert: %s\n", error.what());
    // Threads of the process group may wait in collectives that never end.
    if (error.code() == rexbert::ErrorCode::kPeer) std::_Exit(static_cast<int>(error.code()));
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    rexbert::log::set_status("");
    std::fprintf(stderr, "rexbert: internal error: %s\n", error.what());
    return static_cast<int>(rexbert::ErrorCode::kInternal);
  }
}
