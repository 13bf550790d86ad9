#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "rexbert/core/units.h"
#include "rexbert/corpus/sample_corpus.h"

namespace rexbert::cli {

void add_corpus_command(CLI::App& app) {
  CLI::App* corpus = app.add_subcommand("corpus", "Make text to train on");
  corpus->require_subcommand(1);
  CLI::App* sample = corpus->add_subcommand(
      "sample", "Write the built-in sample corpus: general.jsonl, long.jsonl, ecommerce.jsonl");
  sample->footer("Example: rexbert corpus sample --output text");

  struct Arguments {
    std::string output;
    double size = 1.0;
    corpus::SampleCorpusOptions options;
  };
  const auto arguments = std::make_shared<Arguments>();
  sample->add_option("-o,--output", arguments->output, "Folder to write to")->required();
  sample->add_option("--seed", arguments->options.seed, "Seed of the generator")
      ->capture_default_str();
  sample->add_option("--size", arguments->size, "Factor on all three counts below")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  sample->add_option("--general", arguments->options.general_documents, "Encyclopedic articles")
      ->capture_default_str();
  sample->add_option("--long", arguments->options.long_documents, "Long narratives and manuals")
      ->capture_default_str();
  sample->add_option("--products", arguments->options.products, "Product records")
      ->capture_default_str();
  sample->callback([arguments] {
    corpus::SampleCorpusOptions options = arguments->options;
    for (int64_t* count :
         {&options.general_documents, &options.long_documents, &options.products}) {
      *count = static_cast<int64_t>(static_cast<double>(*count) * arguments->size + 0.5);
    }
    const auto report = corpus::write_sample_corpus(Env::posix(), arguments->output, options);
    std::printf("%s: %s documents, %s of text\n", arguments->output.c_str(),
                format_count(report.documents).c_str(),
                format_bytes(static_cast<uint64_t>(report.bytes)).c_str());
  });
}

}  // namespace rexbert::cli
