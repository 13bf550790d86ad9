#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "cli/command_eval_suite.h"
#include "cli/commands.h"
#include "rexbert/batch/stream_source.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/eval/mlm.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/device.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::cli {
namespace {

struct Options {
  std::string checkpoint;
  std::vector<std::string> data;
  batch::StreamOptions stream;  // but for its path
  eval::MlmOptions mlm;
  std::string tokens = "0";
  int32_t context_length = 0;
  std::string device = "cpu";
  std::string precision = "f32";
  std::string json;
  std::string documents;
};

Json document_line(const std::string& stream, const eval::DocumentScore& document) {
  const eval::MlmScore& score = document.score;
  return {{"stream", stream},        {"shard", document.shard}, {"sample", document.sample},
          {"token", document.token}, {"tokens", score.tokens},  {"masked", score.masked},
          {"loss", score.loss},      {"top1", score.top1},      {"top3", score.top3},
          {"top5", score.top5}};
}

void evaluate(Options options) {
  Env& env = Env::posix();
  const fs::path folder = with_context(
      "--checkpoint", [&] { return ckpt::resolve_checkpoint(env, options.checkpoint); });
  const auto tokenizer =
      with_context("--checkpoint", [&] { return tokenizer::Tokenizer::load(env, folder); });
  const c10::Device device = nn::use_device(options.device);
  const hf::LoadedModel loaded = hf::load_model(env, folder);
  loaded.model->to(device);
  loaded.model->set_precision(options.precision == "bf16" ? nn::Precision::kBf16
                                                          : nn::Precision::kF32);
  options.mlm.rope = loaded.config.rope;
  options.mlm.context_length = options.context_length > 0
                                   ? options.context_length
                                   : static_cast<int32_t>(loaded.config.max_position_embeddings);
  const auto tokens = parse_count(options.tokens);
  if (!tokens || *tokens < 0) {
    throw Error(ErrorCode::kUsage,
                "--tokens: expected a count such as 1M, got " + str_quote(options.tokens));
  }
  options.mlm.tokens = *tokens;
  for (const fs::path file : {options.json, options.documents}) {
    if (file.has_parent_path()) env.create_directories(file.parent_path());
  }
  const batch::Masker masker(eval::kEvaluationSeed, batch::MaskVocabulary::from(tokenizer));

  Json report = {{"checkpoint", options.checkpoint},
                 {"context_length", options.mlm.context_length},
                 {"probability", options.mlm.probability}};
  std::string lines;
  std::printf("%-32s %10s %9s %8s %7s %7s %7s\n", "stream", "documents", "masked", "loss", "top-1",
              "top-3", "top-5");
  for (const std::string& path : options.data) {
    options.stream.path = path;
    const auto stream = with_context("--data", [&] {
      return batch::open_tokens(env, options.stream,
                                batch::identity_of(tokenizer, options.checkpoint), "--tokenizer ");
    });
    const eval::MlmScore score =
        eval::evaluate_mlm(*loaded.model, stream, masker, options.mlm, *dist::single_process(),
                           {.each_document = [&](const eval::DocumentScore& document) {
                             if (options.documents.empty()) return;
                             lines += document_line(path, document).dump() + "\n";
                           }});
    std::printf("%-32s %10lld %9lld %8.4f %6.2f%% %6.2f%% %6.2f%%\n", path.c_str(),
                static_cast<long long>(score.documents), static_cast<long long>(score.masked),
                score.mean_loss(), 100 * score.share(score.top1), 100 * score.share(score.top3),
                100 * score.share(score.top5));
    report["streams"][path] = {{"documents", score.documents},    {"tokens", score.tokens},
                               {"masked", score.masked},          {"loss", score.mean_loss()},
                               {"top1", score.share(score.top1)}, {"top3", score.share(score.top3)},
                               {"top5", score.share(score.top5)}};
  }
  if (!options.json.empty()) publish_file(env, options.json, report.dump(2) + "\n");
  if (!options.documents.empty()) publish_file(env, options.documents, lines);
}

}  // namespace

void add_eval_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("eval", "Evaluate a checkpoint");
  command->require_subcommand(1);
  CLI::App* mlm = command->add_subcommand(
      "mlm", "Loss and top-1/3/5 recovery of masked tokens, with masks that never change");
  const auto options = std::make_shared<Options>();
  mlm->add_option("--checkpoint", options->checkpoint,
                  "Checkpoint folder, or a run directory: its newest")
      ->required();
  mlm->add_option("--data", options->data, "Folder of held-out shards; several may be given")
      ->required();
  mlm->add_option("--tokenizer", options->stream.tokenizer,
                  "Of shards made elsewhere, which do not say: fingerprint or path of the "
                  "checkpoint's tokenizer, to declare that it made them");
  mlm->add_option("--column", options->stream.column, "Column that holds the token ids")
      ->capture_default_str();
  mlm->add_option("--dtype", options->stream.dtype,
                  "Type of a column of plain bytes: uint16, uint32, int32 or int64");
  mlm->add_option("--context", options->context_length,
                  "Cut documents to this many tokens (default: the checkpoint's context length)")
      ->check(CLI::Range(8, 1 << 20));
  mlm->add_option("--probability", options->mlm.probability, "Share of tokens masked")
      ->capture_default_str()
      ->check(CLI::Range(0.001, 0.999));
  mlm->add_option("--tokens", options->tokens, "Tokens read of each stream; 0: all")
      ->capture_default_str();
  mlm->add_option("--section", options->mlm.section_tokens,
                  "Cut documents into sections of so many tokens first and score each by itself")
      ->check(CLI::Range(1, 1 << 20));
  mlm->add_option("--device", options->device, "Where the model lives")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  mlm->add_option("--precision", options->precision, "What activations are computed in")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
  mlm->add_option("--json", options->json, "Write the scores to this file");
  mlm->add_option("--documents", options->documents,
                  "Write each document's (or section's) sums to this file, one JSON object a line");
  mlm->callback([options] { evaluate(*options); });
  mlm->footer(
      "Example: rexbert eval mlm --checkpoint runs/base/phase3/checkpoints/step-000518130 "
      "--data shards/ecommerce/validation");
  add_eval_suite_commands(*command);
}

}  // namespace rexbert::cli
