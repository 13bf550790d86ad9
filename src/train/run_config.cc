#include "rexbert/train/run_config.h"

#include "rexbert/config/reference.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::train {
namespace {

using config::Node;
using config::NodeKind;

// Puts the preset's fields below those that the config writes itself.
void apply_preset(Node& root) {
  for (auto& [key, model] : root.map) {
    if (key != "model" || model.kind != NodeKind::kMap) continue;
    const Node* preset = model.find("preset");
    if (preset == nullptr || preset->kind != NodeKind::kScalar) return;
    const std::string name = preset->scalar;
    Node fields;
    try {
      fields = config::parse_yaml(preset_yaml(name), str_cat("preset ", name));
    } catch (Error& error) {
      throw error.add_context(str_cat(preset->where(), ": model.preset"));
    }
    for (auto& [field, value] : fields.map) {
      if (model.find(field) == nullptr) model.map.emplace_back(field, std::move(value));
    }
    return;
  }
}

void flatten(const Node& node, const std::string& path, std::map<std::string, std::string>& out) {
  switch (node.kind) {
    case NodeKind::kNull:
      break;
    case NodeKind::kScalar:
      out[path] = node.scalar;
      break;
    case NodeKind::kList:
      for (size_t i = 0; i < node.list.size(); ++i) {
        flatten(node.list[i], str_cat(path, "[", i, "]"), out);
      }
      break;
    case NodeKind::kMap:
      for (const auto& [key, value] : node.map) flatten(value, config::join_path(path, key), out);
      break;
  }
}

void check_phases(const RunConfig& config, const Node& root, config::Reader& reader) {
  for (const plan::PlanProblem& problem : plan::find_problems(config.plan_options({}))) {
    reader.problem(config::deepest_node(root, problem.path), problem.path, problem.what);
  }
}

}  // namespace

std::vector<std::string> RunConfig::stream_names() const {
  std::vector<std::string> names;
  for (const auto& [name, options] : streams) names.push_back(name);
  return names;
}

plan::PlanOptions RunConfig::plan_options(const plan::PlanStart& start) const {
  plan::PlanOptions options;
  options.phases = phases;
  options.lanes = data.lanes;
  options.streams = stream_names();
  options.weight_decay = optimizer.weight_decay;
  options.start = start;
  return options;
}

void describe(config::Schema<RunConfig>& schema) {
  schema.field("run", &RunConfig::run).doc("The run itself.").required();
  schema.field("model", &RunConfig::model).doc("The encoder.").required();
  schema.field("tokenizer", &RunConfig::tokenizer).doc("The tokenizer.").required();
  schema.field("streams", &RunConfig::streams)
      .doc("What is trained on, by the names that the mixtures use.")
      .required();
  schema.field("optimizer", &RunConfig::optimizer).doc("The optimizer.");
  schema.field("phases", &RunConfig::phases)
      .doc(
          "The phases in their order. Keys omitted in a phase are those of the phase before; a "
          "block "
          "that is written replaces the inherited one as a whole.")
      .items_inherit()
      .required();
  schema.field("start_from", &RunConfig::start_from)
      .doc(
          "Run directory or checkpoint folder that this run continues: weights, moments, data "
          "cursors and counts go on from its end.");
  schema.field("tile_from", &RunConfig::tile_from)
      .doc(
          "Run directory or checkpoint folder of a smaller model, of the same vocabulary and width "
          "of heads, whose weights are repeated to fill this one: ModernBERT-large began so. Only "
          "weights are taken, and only where the run begins; one that goes on does not look "
          "there.");
  schema.field("salience", &RunConfig::salience)
      .doc("Table that `rexbert salience` made, for guided masking.");
  schema.field("data", &RunConfig::data).doc("How streams are read and batches are cut.");
  schema.field("checkpoint", &RunConfig::checkpoint).doc("When checkpoints are written and kept.");
  schema.field("evaluation", &RunConfig::evaluation).doc("Evaluation while training.");
  schema.field("logging", &RunConfig::logging).doc("Console and metrics.");
  schema.field("distributed", &RunConfig::distributed)
      .doc("How several processes train together (docs/multi-node.md).");
  schema.check([](const RunConfig& config, const auto& complain) {
    for (const char* name : {"kind", "phase", "step", "tokens"}) {
      if (config.evaluation.streams.contains(name)) {
        complain("evaluation", str_cat("streams: expected names other than those that lines of ",
                                       "metrics.jsonl have already, got ", name));
      }
    }
    if (!config.start_from.empty() && !config.tile_from.empty()) {
      complain("tile_from",
               "expected start_from or tile_from, got both; start_from goes on from a model of "
               "this size, tile_from begins with a smaller one");
    }
    if (config.streams.empty()) complain("streams", "expected at least one stream");
    if (config.phases.empty()) complain("phases", "expected at least one phase");
    bool guided = false;
    for (const plan::PhaseOptions& phase : config.phases) {
      guided |= phase.masking.policy == plan::MaskingPolicy::kGuided;
    }
    if (guided && config.salience.empty()) {
      complain("salience", "missing; guided masking needs the table that `rexbert salience` makes");
    }
    if (!guided && !config.salience.empty()) {
      complain("salience",
               "has no effect here: it is used only where a phase masks by policy guided");
    }
  });
}

LoadedConfig load_run_config(Env& env, const fs::path& path,
                             const std::vector<std::string>& overrides) {
  Node root = config::load_config(env, path, overrides);
  apply_preset(root);
  LoadedConfig loaded;
  config::schema_of<RunConfig>().read(root, loaded.config, loaded.reader, "");
  if (loaded.reader.problems().empty()) check_phases(loaded.config, root, loaded.reader);
  loaded.reader.throw_if_problems();
  return loaded;
}

std::string LoadedConfig::resolved() const {
  return config::to_yaml(config::schema_of<RunConfig>().write(config, &reader, ""), true);
}

std::map<std::string, std::string> LoadedConfig::flattened() const {
  std::map<std::string, std::string> values;
  flatten(config::schema_of<RunConfig>().write(config, nullptr, ""), "", values);
  return values;
}

std::string configuration_reference() {
  return config::reference_page(
      "# Configuration\n\n"
      "Every key of a config file, generated by `rexbert config docs`. Counts may carry the "
      "suffixes k, "
      "M, B (or G) and T. `include:` (a path or a list of them) "
      "merges "
      "other files below the file's own keys, `${NAME}` and `${NAME:-fallback}` read the "
      "environment, "
      "and `--set phases.0.tokens=10M` overrides from the command line. A key that is unknown, "
      "written "
      "twice, of the wrong type or without effect is an error.\n",
      config::schema_of<RunConfig>().document());
}

}  // namespace rexbert::train
