#pragma once

namespace CLI {
class App;
}

// Each adds one subcommand with its options; parsing and printing only, the work is in the library.
namespace rexbert::cli {

void add_config_command(CLI::App& app);
void add_tokenizer_command(CLI::App& app);
void add_corpus_command(CLI::App& app);
void add_tokenize_command(CLI::App& app);
void add_shards_command(CLI::App& app);
void add_curate_command(CLI::App& app);
void add_salience_command(CLI::App& app);
void add_plan_command(CLI::App& app);
void add_train_command(CLI::App& app);
void add_eval_command(CLI::App& app);
void add_import_command(CLI::App& app);
void add_export_command(CLI::App& app);
void add_embed_command(CLI::App& app);
void add_fill_mask_command(CLI::App& app);
void add_bench_command(CLI::App& app);
void add_doctor_command(CLI::App& app);
void add_completion_command(CLI::App& app);

}  // namespace rexbert::cli
