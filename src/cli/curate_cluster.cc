#include "cli/curate_cluster.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/run_options.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document.h"
#include "rexbert/curate/pipeline.h"

namespace rexbert::cli {
namespace {

struct Options : RunConfigOptions {
  std::string stage;
  std::string input = "-";
  std::string output = "-";
  std::string drop;
  bool json = false;

  curate::CurateConfig load() const {
    return curate::load_curate_config(Env::posix(), config, overrides);
  }
};

std::vector<uint64_t> read_numbers(const std::string& path) {
  std::vector<uint64_t> numbers;
  const std::string text = Env::posix().read_file(path);
  for (const std::string_view line : curate::split_lines(text)) {
    uint64_t& number = numbers.emplace_back();
    const char* const end = line.data() + line.size();
    const auto [stop, status] = std::from_chars(line.data(), end, number);
    if (status == std::errc() && stop == end) continue;
    throw Error(ErrorCode::kCorrupt,
                str_cat(path, ":", numbers.size(), ": expected the number of a line, got ",
                        str_quote(line)));
  }
  return numbers;
}

}  // namespace

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
    throw Error(ErrorCode::kIo, "standard output: cannot be written");
  }
}

void add_cluster_commands(CLI::App& curate) {
  const auto options = std::make_shared<Options>();
  CLI::App* plan = curate.add_subcommand(
      "plan", "Print the input files and what else a cluster must know, as JSON");
  options->add_to(*plan);
  plan->footer("Example: rexbert curate plan --config configs/curate/ecom.yaml");
  plan->callback(
      [options] { print(curate::Pipeline(Env::posix(), options->load()).plan().dump(1) + "\n"); });

  CLI::App* begin = curate.add_subcommand(
      "begin", "Make the folder of a stage that a cluster does, or check that it is the same's");
  options->add_to(*begin);
  begin->footer("Example: rexbert curate begin filter --config configs/curate/ecom.yaml");
  begin->add_option("stage", options->stage, "filter or dedup")->required();
  begin->callback(
      [options] { curate::Pipeline(Env::posix(), options->load()).begin(options->stage); });

  CLI::App* sketch = curate.add_subcommand(
      "sketch", "Print what deduplication compares of documents, as JSON lines");
  options->add_to(*sketch);
  sketch->footer(
      "Example: rexbert curate sketch --config configs/curate/ecom.yaml --input part.jsonl");
  sketch->add_option("--input", options->input, "Documents of a stage; -: standard input")
      ->capture_default_str();
  sketch->callback(
      [options] { curate::sketch_stream(Env::posix(), options->load(), options->input, print); });

  CLI::App* copy = curate.add_subcommand("copy", "Copy lines, plain or compressed by file names");
  copy->footer("Example: rexbert curate copy --input part.jsonl.zst --output part.jsonl.gz");
  copy->add_option("--input", options->input, "File; -: standard input")->capture_default_str();
  copy->add_option("--output", options->output, "File; -: standard output")->capture_default_str();
  copy->add_option("--drop", options->drop, "File of the rising numbers of lines to leave out");
  copy->add_flag("--json", options->json, "Parse each line, and write it as all JSON here is");
  copy->callback([options] {
    curate::CopyOptions copied{.dropped = {}, .json = options->json};
    if (!options->drop.empty()) copied.dropped = read_numbers(options->drop);
    if (options->output == "-") {
      curate::copy_lines(Env::posix(), options->input, copied, print);
    } else {
      curate::copy_lines(Env::posix(), options->input, copied, fs::path(options->output));
    }
  });
}

}  // namespace rexbert::cli
