#include "rexbert/ckpt/model_card.h"

#include "rexbert/ckpt/checkpoint.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/hf/model_folder.h"

namespace rexbert::ckpt {
namespace {

std::string row(const std::string& label, const std::string& value) {
  return str_cat("| ", label, " | ", value, " |\n");
}

std::string shape_table(const hf::ModelConfig& config) {
  const nn::EncoderConfig& encoder = config.encoder;
  return str_cat(
      "| | |\n|---|---|\n", row("parameters", format_count(nn::parameter_count(encoder))),
      row("layers, width, heads",
          str_cat(encoder.layers, ", ", encoder.hidden, ", ", encoder.heads)),
      row("vocabulary", format_count(encoder.vocabulary)),
      row("context", str_cat(config.max_position_embeddings, " tokens")),
      row("attention", str_cat("global in every ", encoder.global_every, ". layer, else within ",
                               encoder.local_window, " tokens")));
}

// The last evaluation of the run up to `step`, or null.
Json last_evaluation(Env& env, const fs::path& folder, int64_t step) {
  const fs::path metrics = fs::absolute(folder).parent_path().parent_path() / "metrics.jsonl";
  Json last;
  if (!env.exists(metrics)) return last;
  const std::string text = env.read_file(metrics);
  uint64_t number = 0;
  for (const std::string_view line : str_split(text, '\n')) {
    ++number;
    if (line.empty()) continue;
    Json entry = parse_json(line, str_cat(metrics.string(), ":", number));
    if (entry.value("kind", "") == "eval" && entry.value("step", int64_t{0}) <= step) {
      last = std::move(entry);
    }
  }
  return last;
}

std::string evaluation_table(const Json& evaluation) {
  std::string text =
      str_cat("\nMasked-token recovery on held-out text, at step ", evaluation.at("step").dump(),
              ":\n\n| stream | loss, nats | top-1 | top-3 | top-5 |\n"
              "|---|---|---|---|---|\n");
  for (const auto& [stream, score] : evaluation.items()) {
    if (!score.is_object() || !score.contains("top1")) continue;
    text += str_printf("| %s | %.3f | %.1f%% | %.1f%% | %.1f%% |\n", stream.c_str(),
                       score.at("loss").get<double>(), 100 * score.at("top1").get<double>(),
                       100 * score.at("top3").get<double>(), 100 * score.at("top5").get<double>());
  }
  return text;
}

std::string training_section(Env& env, const fs::path& folder) {
  const TrainerState state = read_trainer_state(env, folder);
  std::string text = str_cat("\n## Training\n\n", format_count(state.tokens), " tokens in ",
                             format_count(state.step), " steps; seed ", state.seed, "; in phase `",
                             state.phase, "`",
                             state.run_ended     ? ", the last of its run"
                             : state.phase_ended ? ", at its end"
                                                 : "",
                             ".\n");
  const Json evaluation = last_evaluation(env, folder, state.step);
  if (!evaluation.is_null()) text += evaluation_table(evaluation);
  text += "\n<details><summary>Configuration</summary>\n\n```\n";
  for (const auto& [key, value] : state.config) text += str_cat(key, ": ", value, "\n");
  return text + "```\n\n</details>\n";
}

}  // namespace

std::string model_card(Env& env, const fs::path& folder, const std::string& name) {
  const hf::ModelConfig config = hf::load_model_config(env, folder);
  std::string card = str_cat(
      "---\nlibrary_name: transformers\npipeline_tag: fill-mask\ntags: [modernbert, "
      "sentence-transformers]\n---\n\n# ",
      name, "\n\nA ModernBERT encoder trained with RexBERT.\n\n", shape_table(config),
      "\n## Use\n\n```python\nfrom transformers import pipeline\n\nfill = pipeline(\"fill-mask\", "
      "model=\"",
      name, "\")\nfill(\"A pair of running [MASK]\")\n```\n\n",
      "```python\nfrom sentence_transformers import SentenceTransformer\n\nSentenceTransformer(\"",
      name, "\").encode([\"running shoes\"])\n```\n");
  if (has_trainer_state(env, folder)) card += training_section(env, folder);
  return card;
}

}  // namespace rexbert::ckpt
