#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>

#include "cli/commands.h"
#include "cli/encoder_flags.h"
#include "rexbert/core/json.h"
#include "rexbert/infer/mask_filler.h"

namespace rexbert::cli {
namespace {

struct Options : EncoderFlags {
  std::string text;
  int64_t top = 5;
  bool json = false;
};

using Filled = std::vector<std::vector<infer::MaskCandidate>>;

void print_json(const std::string& text, const Filled& filled) {
  Json masks = Json::array();
  for (const auto& candidates : filled) {
    Json& mask = masks.emplace_back(Json::array());
    for (const infer::MaskCandidate& candidate : candidates) {
      mask.push_back({{"id", candidate.id},
                      {"piece", candidate.piece},
                      {"probability", candidate.probability},
                      {"text", candidate.text}});
    }
  }
  const Json all = {{"text", text}, {"masks", std::move(masks)}};
  std::printf("%s\n", all.dump().c_str());
}

// `text` with spaces behind it, up to `width` characters.
std::string padded(const std::string& text, size_t width) {
  const auto characters = static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
  return text + std::string(width - std::min(width, characters), ' ');
}

void print_table(const Filled& filled) {
  for (size_t m = 0; m < filled.size(); ++m) {
    if (filled.size() > 1) std::printf("mask %zu of %zu\n", m + 1, filled.size());
    for (const infer::MaskCandidate& candidate : filled[m]) {
      std::printf("%6.2f%%  %s %s\n", 100 * candidate.probability,
                  padded(candidate.piece, 16).c_str(), candidate.text.c_str());
    }
  }
}

void run_fill_mask(const Options& options) {
  const infer::MaskFiller filler(Env::posix(), options.folder(), options.apply());
  const Filled filled = filler.fill(options.text, options.top);
  if (options.json) {
    print_json(options.text, filled);
  } else {
    print_table(filled);
  }
}

}  // namespace

void add_fill_mask_command(CLI::App& app) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("fill-mask", "Print the likeliest tokens for every [MASK] of a text");
  command->add_option("text", options->text, "Text with [MASK] in it, once or more often")
      ->required();
  options->add_to(*command);
  command->add_option("--top", options->top, "Tokens for each mask")->capture_default_str();
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options] { run_fill_mask(*options); });
  command->footer(
      "Example: rexbert fill-mask \"A pair of running [MASK]\" --checkpoint rexbert-base");
}

}  // namespace rexbert::cli
