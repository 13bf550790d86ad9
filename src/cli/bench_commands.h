#pragma once

namespace CLI {
class App;
}

// The subcommands of `rexbert bench`.
namespace rexbert::cli {

void add_bench_train(CLI::App& bench);
void add_bench_step(CLI::App& bench);
void add_bench_op(CLI::App& bench);
void add_bench_loader(CLI::App& bench);
void add_bench_tokenize(CLI::App& bench);
void add_bench_all_reduce(CLI::App& bench);

}  // namespace rexbert::cli
