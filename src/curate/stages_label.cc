// The stages that make labels and learn from them: label, audit and train-classifier.

#include <algorithm>
#include <memory>

#include "curate/stages.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/curate/file_labeller.h"

namespace rexbert::curate {
namespace {

constexpr size_t kTasksAtOnce = 256;

// `cache`: where a paid labeller remembers what it was told.
std::unique_ptr<Labeller> make_labeller(const StageContext& context, const LabellerOptions& options,
                                        const fs::path& cache) {
  switch (options.kind) {
    case LabellerKind::kOpenAi: {
      OpenAiOptions openai = options.openai;
      openai.cache = cache;
      return std::make_unique<OpenAiLabeller>(context.env, openai);
    }
    case LabellerKind::kFile:
      return std::make_unique<FileLabeller>(context.env, options.file);
    default:
      return std::make_unique<WeakLabeller>(options.weak);
  }
}

Json labeller_settings(const LabellerOptions& options) {
  switch (options.kind) {
    case LabellerKind::kOpenAi:
      return {{"labeller", "openai"},
              {"model", options.openai.model},
              {"system_prompt", options.openai.system_prompt},
              {"prompt", options.openai.prompt},
              {"parameters", options.openai.parameters},
              {"lines_per_request", options.openai.lines_per_request},
              {"bytes_per_request", options.openai.bytes_per_request},
              {"context_bytes", options.openai.context_bytes}};
    case LabellerKind::kFile:
      return {{"labeller", "file"}, {"file", options.file}};
    default:
      return {{"labeller", "weak"},
              {"prior", options.weak.prior},
              {"stay", options.weak.stay},
              {"threshold", options.weak.threshold}};
  }
}

std::vector<LabelTask> tasks_of(const StageContext& context) {
  std::vector<LabelTask> tasks;
  for (Document& document : sampled_documents(context)) {
    LabelTask task;
    task.document = std::move(document);
    const auto lines = split_lines(task.document.text);
    for (uint32_t i = 0; i < lines.size(); ++i) {
      if (static_cast<int64_t>(task.lines.size()) == context.config.label.lines_per_document) break;
      if (!str_trim(lines[i]).empty()) task.lines.push_back(i);
    }
    tasks.push_back(std::move(task));
  }
  return tasks;
}

void label_all(Labeller& labeller, std::vector<LabelTask>& tasks, const std::string& what) {
  Progress progress(what, tasks.size(), [](uint64_t n) {
    return format_count(static_cast<int64_t>(n)) + " documents";
  });
  for (size_t begin = 0; begin < tasks.size(); begin += kTasksAtOnce) {
    const size_t count = std::min(kTasksAtOnce, tasks.size() - begin);
    labeller.label(std::span(tasks).subspan(begin, count));
    progress.update(begin + count);
  }
}

// {"id", "lines": [...], "labels": [1, 0, null, ...]}, a document a line.
std::string label_line(const LabelTask& task) {
  Json labels = Json::array();
  for (const Label label : task.labels) {
    labels.push_back(label == Label::kFailed ? Json() : Json(static_cast<int>(label)));
  }
  return Json({{"id", task.document.id}, {"lines", task.lines}, {"labels", labels}}).dump() + "\n";
}

bool is_audited(const Document& document, const CurateConfig& config) {
  KeyedRng rng(config.run.seed, Purpose::kAudit, hash64(document.id), hash64(document.text));
  return rng.next_uniform() < config.audit.share;
}

Json classifier_settings(const LineLearner& learner, const DomainModelOptions& options) {
  Json settings = learner.settings();
  settings["held_out"] = options.held_out;
  settings["precision"] = options.precision;
  settings["min_labels"] = options.min_labels;
  settings["stay"] = options.stay;
  settings["seed"] = options.seed;
  return settings;
}

}  // namespace

std::vector<LabelTask> labelled_tasks(const StageContext& context) {
  const fs::path file = context.directory("label") / "labels.jsonl";
  context.require(file, "label");
  std::vector<LabelTask> tasks = tasks_of(context);
  const std::string text = context.env.read_file(file);
  const auto lines = split_lines(text);
  if (lines.size() != tasks.size()) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(file.string(), ": expected a line for each of ", tasks.size(),
                        " sampled documents, got ", lines.size()));
  }
  for (size_t i = 0; i < tasks.size(); ++i) {
    const std::string source = str_cat(file.string(), ":", i + 1);
    const Json json = parse_json(lines[i], source);
    const auto id = json_get<std::string>(json, "id", source);
    const auto numbers = json_get<std::vector<uint32_t>>(json, "lines", source);
    if (id != tasks[i].document.id || numbers != tasks[i].lines) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(source, ": expected the labels of document ", tasks[i].document.id,
                          ", got those of ", id, " or of other lines"));
    }
    for (const Json& label : json_get<Json>(json, "labels", source)) {
      tasks[i].labels.push_back(label.is_null() ? Label::kFailed
                                : label == 1    ? Label::kEcommerce
                                                : Label::kOther);
    }
  }
  return tasks;
}

void run_label(const StageContext& context) {
  const LabelOptions& options = context.config.label;
  std::vector<LabelTask> tasks = tasks_of(context);
  Json settings = labeller_settings(options);
  settings["lines_per_document"] = options.lines_per_document;
  StageFolder folder(context.env, context.directory("label"), settings);
  if (folder.is_done("label")) return;
  const auto labeller = make_labeller(context, options, folder / "answers.jsonl");
  label_all(*labeller, tasks, "labelling");
  PublishedFile file(context.env, folder / "labels.jsonl");
  std::map<std::string, std::map<std::string, uint64_t>> counts;
  for (const LabelTask& task : tasks) {
    file.append(label_line(task));
    for (const Label label : task.labels) {
      ++counts[task.document.domain][label == Label::kFailed      ? "failed"
                                     : label == Label::kEcommerce ? "ecommerce"
                                                                  : "other"];
    }
  }
  file.publish();
  folder.finish("label", {{"lines", counts}, {"labeller", labeller->report()}});
}

void run_audit(const StageContext& context) {
  const AuditStageOptions& options = context.config.audit;
  Json settings = labeller_settings(options);
  settings["share"] = options.share;
  settings["seed"] = context.config.run.seed;
  StageFolder folder(context.env, context.directory("audit"), settings);
  std::vector<LabelTask> first = labelled_tasks(context);
  std::erase_if(first,
                [&](const LabelTask& task) { return !is_audited(task.document, context.config); });
  std::vector<LabelTask> second = first;
  for (LabelTask& task : second) task.labels.clear();
  label_all(*make_labeller(context, options, folder / "answers.jsonl"), second, "auditing");
  AuditOptions agreement = options.agreement;
  agreement.seed = context.config.run.seed;
  Audit audit(agreement);
  std::vector<Disagreement> differences;
  for (size_t i = 0; i < first.size(); ++i) {
    audit.add(first[i], second[i]);
    std::ranges::move(disagreements(first[i], second[i]), std::back_inserter(differences));
  }
  write_disagreements(context.env, folder / "disagreements.jsonl", differences);
  folder.finish("audit", audit.to_json());
  audit.check_kappa(options.minimum_kappa);
}

void run_train_classifier(const StageContext& context) {
  DomainModelOptions options = context.config.classifier;
  options.seed = context.config.run.seed;
  options.stay = context.config.filter.stay;
  std::map<std::string, std::vector<LabelTask>> by_domain;
  for (LabelTask& task : labelled_tasks(context)) {
    by_domain[task.document.domain].push_back(std::move(task));
  }
  const auto learner = context.learner();
  StageFolder folder(context.env, context.directory("train-classifier"),
                     classifier_settings(*learner, options));
  std::vector<std::string> missing;
  for (const std::string& domain : chosen_domains(context)) {
    by_domain[domain];  // a domain without documents is refused by name, as all with too few labels
    if (!folder.is_done(file_name_of(domain))) missing.push_back(domain);
  }
  auto next = missing.begin();
  ordered_map<std::string, int>(
      std::min(context.threads, static_cast<int>(missing.size())),
      [&]() -> std::optional<std::string> {
        if (next == missing.end()) return std::nullopt;
        return *next++;
      },
      [&] {
        return [&](std::string&& domain) {
          const std::string name = file_name_of(domain);
          std::vector<const LabelTask*> others;
          for (const auto& [other, tasks] : by_domain) {
            if (other == domain) continue;
            for (const LabelTask& task : tasks) others.push_back(&task);
          }
          DomainModel::train(*learner, domain, by_domain.at(domain), others, options,
                             folder / (name + ".training"))
              .save(context.env, folder / name);
          return 0;
        };
      },
      [](int&&) {});
}

std::map<std::string, DomainModel> load_models(const StageContext& context) {
  std::map<std::string, DomainModel> models;
  const auto learner = context.learner();
  const fs::path folder = context.directory("train-classifier");
  for (const std::string& domain : chosen_domains(context)) {
    const fs::path base = folder / file_name_of(domain);
    context.require(base.string() + ".json", "train-classifier");
    models.emplace(domain, DomainModel::load(context.env, *learner, base));
  }
  return models;
}

}  // namespace rexbert::curate
