#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "rexbert/batch/masking_report.h"
#include "rexbert/batch/salience_builder.h"
#include "rexbert/batch/stream_source.h"
#include "rexbert/core/error.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::cli {
namespace {

using batch::SalienceTable;
using tokenizer::Tokenizer;

struct BuildArguments {
  std::string domain, general, tokenizer, output, brands;
  std::string tokens = "200M";
  batch::SalienceOptions options;
  batch::StreamOptions stream;
};

struct ReportArguments {
  std::string table, data, tokenizer;
  batch::StreamOptions stream;
  std::string tokens = "10M";
  double probability = 0.3;
  double strength = 0.5;
  uint64_t seed = 0;
  bool json = false;
};

uint64_t parse_tokens(const std::string& text) {
  const std::optional<int64_t> count = parse_count(text);
  if (!count || *count < 0) {
    throw Error(ErrorCode::kUsage,
                str_cat("--tokens: expected a token count, got ", str_quote(text)));
  }
  return static_cast<uint64_t>(*count);
}

// Of shards that do not say who made them, --tokenizer declares it.
shard::TokenStream open_stream(batch::StreamOptions options, const std::string& folder,
                               const Tokenizer& tokenizer, const std::string& path) {
  options.path = folder;
  options.tokenizer = path;
  return batch::open_tokens(Env::posix(), options, batch::identity_of(tokenizer, path));
}

void add_stream_options(CLI::App& command, batch::StreamOptions& options) {
  command.add_option("--column", options.column, "Column of the shards that holds the token ids")
      ->capture_default_str();
  command.add_option("--dtype", options.dtype,
                     "Type of a column of plain bytes: uint16, uint32, int32 or int64");
}

void count(batch::SalienceCounter& counter, batch::Corpus corpus, const shard::TokenStream& stream,
           const batch::SalienceOptions& options) {
  Progress progress(stream.directory().string(), options.tokens, [](uint64_t tokens) {
    return format_count(static_cast<int64_t>(tokens)) + " tokens";
  });
  batch::count_stream(counter, corpus, stream, options,
                      [&progress](uint64_t done) { progress.update(done); });
}

void print_table(const SalienceTable& table, const Tokenizer& tokenizer) {
  constexpr size_t kShown = 10;
  const auto line = [](const char* label, const std::string& text) {
    std::printf("%-16s%s\n", label, text.c_str());
  };
  line("domain tokens", format_count(static_cast<int64_t>(table.domain_tokens())));
  line("general tokens", format_count(static_cast<int64_t>(table.general_tokens())));
  const std::vector<batch::LogOdds> odds_V = table.log_odds_V();
  std::vector<size_t> order(odds_V.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return odds_V[a].salience() > odds_V[b].salience(); });
  std::vector<std::string> pieces;
  for (size_t i = 0; i < std::min(kShown, order.size()); ++i) {
    pieces.emplace_back(tokenizer.piece(static_cast<int32_t>(order[i])));
  }
  line("most salient", str_join(pieces, "  "));
  std::vector<SalienceTable::Brand> brands = table.brands;
  std::stable_sort(brands.begin(), brands.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  std::vector<std::string> names;
  for (size_t i = 0; i < std::min(kShown, brands.size()); ++i) names.push_back(brands[i].name);
  line("brands", str_cat(brands.size(), ": ", str_join(names, ", ")));
}

void run_build(BuildArguments arguments) {
  for (const auto& [option, value] :
       {std::pair{"--domain", &arguments.domain}, std::pair{"--general", &arguments.general},
        std::pair{"--tokenizer", &arguments.tokenizer}, std::pair{"--output", &arguments.output}}) {
    if (value->empty())
      throw Error(ErrorCode::kUsage, str_cat("salience: ", option, " is required"));
  }
  arguments.options.tokens = parse_tokens(arguments.tokens);
  Env& env = Env::posix();
  const Tokenizer tokenizer = Tokenizer::load(env, arguments.tokenizer);
  const auto open = [&](const std::string& folder) {
    return open_stream(arguments.stream, folder, tokenizer, arguments.tokenizer);
  };
  const shard::TokenStream domain = open(arguments.domain);
  const shard::TokenStream general = open(arguments.general);
  std::vector<std::string> listed;
  if (!arguments.brands.empty()) listed = batch::read_brand_list(env, arguments.brands);
  batch::SalienceCounter counter(batch::MaskVocabulary::from(tokenizer), arguments.options);
  count(counter, batch::Corpus::kDomain, domain, arguments.options);
  count(counter, batch::Corpus::kGeneral, general, arguments.options);
  const SalienceTable table = counter.finish(tokenizer.fingerprint(), listed);
  table.save(env, arguments.output);
  print_table(table, tokenizer);
  std::printf("%-16s%s\n", "written to", arguments.output.c_str());
}

void print_report(const std::vector<Json>& policies) {
  std::printf("%-14s%9s%9s", "policy", "strength", "rate");
  for (int kind = 0; kind < batch::kSpanKinds; ++kind) {
    std::printf("%14s", std::string(batch::to_string(static_cast<batch::SpanKind>(kind))).c_str());
  }
  std::printf("\n");
  for (const Json& policy : policies) {
    const double strength = policy.value("strength", 0.0);
    std::printf("%-14s%9.2f%8.2f%%", policy["policy"].get<std::string>().c_str(), strength,
                100 * policy["rate"].get<double>());
    for (int kind = 0; kind < batch::kSpanKinds; ++kind) {
      const auto name = std::string(batch::to_string(static_cast<batch::SpanKind>(kind)));
      std::printf("%13.2f%%", 100 * policy["spans"][name]["share_of_masked"].get<double>());
    }
    std::printf("\n");
  }
  std::printf("Columns behind the rate: share of the masked tokens that lie in such spans.\n");
}

void run_report(const ReportArguments& arguments) {
  Env& env = Env::posix();
  const Tokenizer tokenizer = Tokenizer::load(env, arguments.tokenizer);
  SalienceTable table = SalienceTable::load(env, arguments.table);
  table.require_tokenizer(tokenizer.fingerprint(), tokenizer.vocabulary_size());
  const shard::TokenStream stream =
      open_stream(arguments.stream, arguments.data, tokenizer, arguments.tokenizer);
  const batch::Masker masker(arguments.seed, batch::MaskVocabulary::from(tokenizer),
                             std::move(table));
  std::vector<plan::MaskingSpec> specs(3, {.probability = arguments.probability});
  specs[1].policy = plan::MaskingPolicy::kWholeWord;
  specs[2].policy = plan::MaskingPolicy::kGuided;
  specs[2].strength = arguments.strength;
  std::vector<Json> policies;
  for (const plan::MaskingSpec& spec : specs) {
    policies.push_back(to_json(
        spec, batch::measure_masking(masker, spec, stream, parse_tokens(arguments.tokens))));
  }
  if (arguments.json) {
    std::printf("%s\n", Json(policies).dump(2).c_str());
  } else {
    print_report(policies);
  }
}

void add_report(CLI::App& parent) {
  const auto arguments = std::make_shared<ReportArguments>();
  CLI::App& command =
      *parent.add_subcommand("report", "Where each masking policy spends its masks on a stream");
  command.footer(
      "Example: rexbert salience report --table salience.json --data shards/products \\\n"
      "           --tokenizer tokenizer");
  command.add_option("--table", arguments->table, "Salience table")->required();
  command.add_option("--data", arguments->data, "Shards to mask")->required();
  command.add_option("--tokenizer", arguments->tokenizer, "Tokenizer folder that made them")
      ->required();
  add_stream_options(command, arguments->stream);
  command.add_option("--tokens", arguments->tokens, "Tokens to look at")->capture_default_str();
  command.add_option("--probability", arguments->probability, "Share of tokens to mask")
      ->capture_default_str();
  command.add_option("--strength", arguments->strength, "Of guided masking, 0 to 1")
      ->capture_default_str();
  command.add_option("--seed", arguments->seed, "Of the masks")->capture_default_str();
  command.add_flag("--json", arguments->json, "Print JSON");
  command.callback([arguments] { run_report(*arguments); });
}

}  // namespace

void add_salience_command(CLI::App& app) {
  const auto arguments = std::make_shared<BuildArguments>();
  batch::SalienceOptions& options = arguments->options;
  CLI::App& command = *app.add_subcommand(
      "salience", "Learn from two streams which tokens and brands make the domain, for Guided MLM");
  command.add_option("--domain", arguments->domain, "Shards of the domain");
  command.add_option("--general", arguments->general, "Shards of general text");
  command.add_option("--tokenizer", arguments->tokenizer, "Tokenizer folder that made both");
  add_stream_options(command, arguments->stream);
  command.add_option("--output", arguments->output, "Salience table to write");
  command.add_option("--brands", arguments->brands, "Further brand names, one a line");
  command.add_option("--tokens", arguments->tokens, "Tokens to read of each stream; 0: all")
      ->capture_default_str();
  command.add_option("--prior-tokens", options.prior_tokens, "Weight of the prior, in tokens")
      ->capture_default_str();
  command.add_option("--brand-count", options.brand_count, "Occurrences that make a brand")
      ->capture_default_str();
  add_report(command);
  CLI::App* self = &command;
  command.callback([arguments, self] {
    if (self->get_subcommands().empty()) run_build(*arguments);
  });
}

}  // namespace rexbert::cli
