#include "rexbert/tasks/options.h"

#include <set>

#include "rexbert/config/node.h"
#include "rexbert/config/reference.h"
#include "rexbert/core/strings.h"
#include "rexbert/datasets/glue.h"

namespace rexbert::tasks {
namespace {

bool is_tuned(const TaskOptions& task) { return task.is_tuned(); }
bool has_files(const TaskOptions& task) { return task.is_tuned() && task.kind != TaskKind::kGlue; }
bool is_glue(const TaskOptions& task) { return task.kind == TaskKind::kGlue; }
bool is_masked(const TaskOptions& task) { return task.kind == TaskKind::kMaskedTokens; }
bool is_pooled(const TaskOptions& task) {
  return task.is_tuned() && task.kind != TaskKind::kTokens;
}

constexpr const char* kOfTuned = "for tasks that are fine-tuned";

void describe_data(config::Schema<TaskOptions>& schema) {
  schema.field("format", &TaskOptions::format)
      .doc(
          "How tags are written: lines {tokens, tags} as QueryNER's, word and tag as conlleval "
          "reads them, or lines {title, spans} as AE-110K's.")
      .only_when("where kind is token_classification",
                 [](const TaskOptions& task) { return task.kind == TaskKind::kTokens; });
  schema.field("train", &TaskOptions::train)
      .doc(
          "File of the examples to train on. A file that is given for more than one of train, "
          "validation and test is read by the lines' \"split\"; files of tags have none.")
      .only_when("for tasks with files of their own", has_files);
  schema.field("validation", &TaskOptions::validation)
      .doc("File of the examples that hyper-parameters are chosen by; empty: some of `train`.")
      .only_when("for tasks with files of their own", has_files);
  schema.field("test", &TaskOptions::test)
      .doc("File of the examples that are scored.")
      .only_when("for tasks with files of their own", has_files);
  schema.field("held_out", &TaskOptions::held_out)
      .doc(
          "Share of `train` that hyper-parameters are chosen by where there is no validation file; "
          "the runs that are scored train on all of it, those with `patience` on the rest. Queries "
          "are held out with all their products.")
      .above(0)
      .max(0.5)
      .only_when("for tasks with files of their own", has_files);
  schema.field("glue", &TaskOptions::glue)
      .doc("Folder of the GLUE tasks' folders, as the benchmark's download script lays them out.")
      .only_when("where kind is glue", is_glue);
  schema.field("corpus", &TaskOptions::corpus)
      .doc(
          "Which GLUE task: CoLA, SST-2, MRPC, STS-B, QQP, MNLI, QNLI, RTE or WNLI. Its dev sets "
          "both choose and score, as is usual where the test sets have no labels.")
      .only_when("where kind is glue", is_glue);
  schema.field("domains", &TaskOptions::domains)
      .doc(
          "Files of held-out text by the domain's name: plain lines or JSON Lines, compressed or "
          "not.")
      .only_when("where kind is mlm_recovery", is_masked);
  schema.field("block", &TaskOptions::block)
      .doc("Texts are cut into blocks of so many tokens; 0: not cut.")
      .unit("tokens")
      .min(0)
      .only_when("where kind is mlm_recovery", is_masked);
  schema.field("probability", &TaskOptions::probability)
      .doc("Share of tokens that are masked, the same ones for every model of a tokenizer.")
      .above(0)
      .max(0.99)
      .only_when("where kind is mlm_recovery", is_masked);
  schema.field("tokens", &TaskOptions::tokens)
      .doc("Tokens read of each domain; 0: all.")
      .count()
      .min(0)
      .only_when("where kind is mlm_recovery", is_masked);
  schema.field("position_bucket", &TaskOptions::position_bucket)
      .doc("Recovery by position in the block is reported for so many tokens together.")
      .unit("tokens")
      .min(1)
      .only_when("where kind is mlm_recovery", is_masked);
}

void describe_tuning(config::Schema<TaskOptions>& schema) {
  schema.field("limit", &TaskOptions::limit)
      .doc("Take only the first so many examples of each split; 0: all.")
      .count()
      .min(0)
      .only_when(kOfTuned, is_tuned);
  schema.field("max_tokens", &TaskOptions::max_tokens)
      .doc("Longer sequences are cut.")
      .unit("tokens")
      .min(8)
      .only_when(kOfTuned, is_tuned);
  schema.field("pooling", &TaskOptions::pooling)
      .doc("What stands for a sequence: the state of [CLS], or the mean of its tokens' states.")
      .only_when("for tasks of whole sequences", is_pooled);
  schema.field("epochs", &TaskOptions::epochs)
      .doc("Passes over the training examples; several are tried.")
      .min(1)
      .only_when(kOfTuned, is_tuned);
  schema.field("batch", &TaskOptions::batch)
      .doc("Examples in an update; where there are fewer, all of them.")
      .min(1)
      .only_when(kOfTuned, is_tuned);
  schema.field("learning_rate", &TaskOptions::learning_rate)
      .doc("Its peak; it falls linearly to 0. Several are tried.")
      .above(0)
      .only_when(kOfTuned, is_tuned);
  schema.field("weight_decay", &TaskOptions::weight_decay)
      .doc("Fully decoupled, at the peak learning rate; several are tried.")
      .unit("share of a weight a step")
      .min(0)
      .max(1)
      .only_when(kOfTuned, is_tuned);
  schema.field("warmup", &TaskOptions::warmup)
      .doc("Share of the steps during which the learning rate rises.")
      .min(0)
      .max(0.9)
      .only_when(kOfTuned, is_tuned);
  schema.field("scale", &TaskOptions::scale)
      .doc("What cosines are multiplied by in the CoSENT loss.")
      .above(0)
      .only_when("where kind is similarity",
                 [](const TaskOptions& task) { return task.kind == TaskKind::kSimilarity; });
  schema.field("patience", &TaskOptions::patience)
      .doc(
          "Stop after so many epochs without a better score on the validation examples, and take "
          "the weights of the best epoch; 0: never.")
      .min(0)
      .only_when(kOfTuned, is_tuned);
  schema.field("start_from", &TaskOptions::start_from)
      .doc(
          "Start from the model as another task of this suite left it, with the same seed, as "
          "ModernBERT did for MRPC, STS-B and RTE from MNLI: its encoder and its head's dense "
          "layer; what puts out classes begins anew.")
      .only_when(kOfTuned, is_tuned);
}

void check_task(const TaskOptions& task, const config::Schema<TaskOptions>::Report& complain) {
  const auto require_some = [&](const char* key, const auto& values) {
    if (values.empty()) complain(key, "expected at least one value, got none");
  };
  require_some("epochs", task.epochs);
  require_some("learning_rate", task.learning_rate);
  require_some("weight_decay", task.weight_decay);
  if (has_files(task)) {
    if (task.train.empty()) complain("train", "expected a file, got none");
    if (task.test.empty()) complain("test", "expected a file, got none");
  }
  if (is_glue(task)) {
    if (task.glue.empty()) complain("glue", "expected a folder, got none");
    std::vector<std::string> names;
    for (const datasets::GlueTask& known : datasets::glue_tasks()) {
      if (known.name == task.corpus) return;
      names.emplace_back(known.name);
    }
    complain("corpus", str_cat("expected one of ", str_join(names, ", "), ", got ",
                               task.corpus.empty() ? "none" : task.corpus));
  }
  if (is_masked(task) && task.domains.empty()) {
    complain("domains", "expected the files of at least one domain, got none");
  }
}

// Tasks are run in an order in which every one comes after that which it starts from.
void check_chain(const SuiteOptions& suite, const config::Schema<SuiteOptions>::Report& complain) {
  for (const auto& [name, task] : suite.tasks) {
    std::string at = name;
    for (size_t hops = 0; !suite.tasks.at(at).start_from.empty(); ++hops) {
      const std::string path = str_cat("tasks.", at, ".start_from");
      const auto before = suite.tasks.find(suite.tasks.at(at).start_from);
      if (before == suite.tasks.end() || !before->second.is_tuned()) {
        complain(path, str_cat("expected a task of this suite that is fine-tuned, got ",
                               suite.tasks.at(at).start_from));
        return;
      }
      if (hops > suite.tasks.size()) {
        complain(path, "the tasks start from each other in a circle");
        return;
      }
      at = before->first;
    }
  }
}

}  // namespace

int64_t TuningOptions::steps(int64_t examples) const {
  return (epochs * examples + batch - 1) / batch;
}

std::vector<TuningOptions> TaskOptions::grid(int64_t micro_tokens) const {
  std::vector<TuningOptions> grid;
  for (const int64_t passes : epochs) {
    for (const double rate : learning_rate) {
      for (const double decay : weight_decay) {
        grid.push_back({.epochs = passes,
                        .batch = batch,
                        .learning_rate = rate,
                        .weight_decay = decay,
                        .warmup = warmup,
                        .pooling = pooling,
                        .scale = scale,
                        .patience = patience,
                        .micro_tokens = micro_tokens,
                        .max_tokens = max_tokens});
      }
    }
  }
  return grid;
}

config::EnumNames<TaskKind> names_of(TaskKind) {
  return {{TaskKind::kMaskedTokens, "mlm_recovery"},
          {TaskKind::kTokens, "token_classification"},
          {TaskKind::kSimilarity, "similarity"},
          {TaskKind::kClassification, "classification"},
          {TaskKind::kGlue, "glue"}};
}

config::EnumNames<TagFormat> names_of(TagFormat) {
  return {{TagFormat::kBioJson, "bio_json"},
          {TagFormat::kConll, "conll"},
          {TagFormat::kSpans, "spans"}};
}

void describe(config::Schema<TaskOptions>& schema) {
  schema.field("kind", &TaskOptions::kind)
      .doc(
          "Recovery of masked tokens, which trains nothing; tags of words; similarity of queries "
          "and "
          "products; classes of texts; or a task of GLUE.")
      .required();
  describe_data(schema);
  describe_tuning(schema);
  schema.check(check_task);
}

void describe(config::Schema<SuiteOptions>& schema) {
  schema.field("name", &SuiteOptions::name).doc("The report's title.");
  schema.field("seeds", &SuiteOptions::seeds)
      .doc("Each task is fine-tuned once for each; a seed names the order of the examples.")
      .min(0);
  schema.field("micro_tokens", &SuiteOptions::micro_tokens)
      .doc(
          "Tokens computed at once; activation memory grows with it. Similarity computes a batch "
          "at once.")
      .count()
      .min(64);
  schema.field("keep_models", &SuiteOptions::keep_models)
      .doc("Keep every fine-tuned model as a folder that transformers loads.");
  schema.field("checkpoint_every", &SuiteOptions::checkpoint_every)
      .doc(
          "A fine-tuning that takes more updates than this makes a checkpoint each time so many "
          "are "
          "done, from which a killed suite goes on.")
      .unit("updates")
      .min(1);
  schema.field("device", &SuiteOptions::device).doc("Where models live: cpu or cuda.");
  schema.field("precision", &SuiteOptions::precision)
      .doc("What is computed in on a GPU; the CPU computes in f32.")
      .only_when("where device is cuda",
                 [](const SuiteOptions& suite) { return suite.device == "cuda"; });
  schema.field("tasks", &SuiteOptions::tasks).doc("The tasks by name.").required();
  schema.check([](const SuiteOptions& suite, const auto& complain) {
    if (suite.device != "cpu" && suite.device != "cuda") {
      complain("device", "expected cpu or cuda, got " + suite.device);
    }
    for (const auto& [name, task] : suite.tasks) {
      if (name.empty() || name.starts_with('.') || name.find('/') != std::string::npos) {
        complain("tasks", str_cat("expected names that can be folders', got ", str_quote(name)));
      }
    }
    if (suite.seeds.empty()) complain("seeds", "expected at least one, got none");
    if (std::set<int64_t>(suite.seeds.begin(), suite.seeds.end()).size() < suite.seeds.size()) {
      complain("seeds", "expected each once, got one of them again");
    }
    check_chain(suite, complain);
  });
}

SuiteOptions load_suite_options(Env& env, const fs::path& path,
                                const std::vector<std::string>& overrides) {
  config::Reader reader;
  return config::read_struct<SuiteOptions>(config::load_config(env, path, overrides), reader);
}

std::string suite_reference() {
  return config::reference_page(
      "# Configuration of `rexbert eval suite`\n\nEvery key of a suite's config, generated by "
      "`rexbert eval docs`. Files are read as those of training ([configuration.md]"
      "(configuration.md)): strictly, with `include:`, `${NAME}` and `--set`.\n",
      config::schema_of<SuiteOptions>().document());
}

}  // namespace rexbert::tasks
