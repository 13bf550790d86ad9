#include "rexbert/tasks/task_files.h"

#include <algorithm>
#include <set>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"

namespace rexbert::tasks {
namespace {

bool is_same_file(const std::string& a, const std::string& b) {
  return !a.empty() && !b.empty() && (a == b || fs::weakly_canonical(a) == fs::weakly_canonical(b));
}

// The three splits of a task in files of its own.
class Files {
 public:
  Files(Env& env, const TaskOptions& task, const tokenizer::Tokenizer& tokenizer)
      : env_(env), task_(task), encoder_(tokenizer, task.max_tokens) {}

  LoadedTask load() {
    switch (task_.kind) {
      case TaskKind::kTokens:
        load_tagged();
        break;
      case TaskKind::kSimilarity:
        loaded_.data.goal = Goal::kSimilarity;
        load_splits([&](const std::string& path, const std::string& split, const char* name) {
          return encoder_.pairs(name,
                                datasets::read_product_pairs(env_, path, split_of(path, split)));
        });
        break;
      case TaskKind::kClassification:
        load_classes();
        break;
      case TaskKind::kGlue:
        load_glue();
        break;
      case TaskKind::kMaskedTokens:
        throw Error(ErrorCode::kUsage, "mlm_recovery has no examples to train on");
    }
    finish();
    return std::move(loaded_);
  }

 private:
  // Files that serve as more than one split are read by their lines' "split"; others whole.
  std::string split_of(const std::string& path, const std::string& split) const {
    return is_shared(path) ? split : "";
  }

  bool is_shared(const std::string& path) const {
    return is_same_file(path, task_.train) + is_same_file(path, task_.validation) +
               is_same_file(path, task_.test) >
           1;
  }

  // `read(path, split, name)`: a Split.
  template <class Read>
  void load_splits(const Read& read) {
    loaded_.data.train = read(task_.train, "train", "train");
    hash(task_.train);
    if (!task_.validation.empty()) {
      loaded_.data.validation = read(task_.validation, "validation", "validation");
      hash(task_.validation);
    }
    loaded_.data.tests.push_back(read(task_.test, "test", "test"));
    hash(task_.test);
  }

  // Those of all files: a test set may have what the training examples lack.
  template <class Labels>
  datasets::LabelSet all_labels(const Labels& labels_of) const {
    std::set<std::string> names;
    for (const std::string& path : {task_.train, task_.validation, task_.test}) {
      if (path.empty()) continue;
      const datasets::LabelSet labels = labels_of(path);
      names.insert(labels.names().begin(), labels.names().end());
    }
    return datasets::LabelSet(std::vector<std::string>(names.begin(), names.end()));
  }

  void load_tagged() {
    loaded_.data.goal = Goal::kTagging;
    if (is_shared(task_.test) || is_shared(task_.validation)) {
      throw Error(
          ErrorCode::kConfig,
          str_cat("expected train, validation and test in files of their own, as tagged words "
                  "have no \"split\", got ",
                  is_shared(task_.test) ? task_.test : task_.validation, " more than once"));
    }
    loaded_.data.labels =
        all_labels([&](const std::string& path) { return read_tagged(path, nullptr).tags; });
    load_splits([&](const std::string& path, const std::string&, const char* name) {
      const datasets::TaggedTexts texts = read_tagged(path, &loaded_.data.labels);
      if (texts.dropped_spans > 0) {
        log::warning(str_cat(path, ": ", texts.dropped_spans,
                             " spans were dropped, as their words belong to others"));
      }
      return encoder_.tagged(name, texts.texts);
    });
  }

  datasets::TaggedTexts read_tagged(const std::string& path, const datasets::LabelSet* tags) const {
    switch (task_.format) {
      case TagFormat::kBioJson:
        return datasets::read_bio_json(env_, path, tags);
      case TagFormat::kConll:
        return datasets::read_conll(env_, path, tags);
      case TagFormat::kSpans:
        return datasets::read_attribute_spans(env_, path, tags);
    }
    return {};
  }

  void load_classes() {
    loaded_.data.goal = Goal::kClassification;
    loaded_.data.labels = all_labels([&](const std::string& path) {
      return datasets::read_labelled_texts(env_, path, "").labels;
    });
    load_splits([&](const std::string& path, const std::string& split, const char* name) {
      const datasets::LabelledTexts texts =
          datasets::read_labelled_texts(env_, path, split_of(path, split), &loaded_.data.labels);
      return encoder_.labelled(name, texts.texts);
    });
  }

  void load_glue() {
    const datasets::GlueTask& task = datasets::glue_task(task_.corpus);
    TaskData& data = loaded_.data;
    data.goal = task.is_regression() ? Goal::kRegression : Goal::kClassification;
    data.metrics = task.metrics;
    std::vector<std::string> labels;
    for (const datasets::GlueLabel& label : task.labels) labels.emplace_back(label.name);
    data.labels = datasets::LabelSet(labels);
    for (const datasets::GlueFile& file : task.files) {
      const datasets::GlueExamples examples =
          datasets::read_glue(env_, task_.glue, task, file.split);
      std::string name(file.split);
      if (name.starts_with("dev_")) name = name.substr(4);
      Split split = encoder_.glue(name, task, examples.examples);
      hash((fs::path(task_.glue) / std::string(task.name) / std::string(file.name)).string());
      if (file.split == "train") {
        data.train = std::move(split);
      } else {
        data.tests.push_back(std::move(split));
      }
    }
    data.validation = data.tests.front();
  }

  void finish() {
    TaskData& data = loaded_.data;
    std::vector<Split*> splits = {&data.train};
    if (data.validation) splits.push_back(&*data.validation);
    for (Split& test : data.tests) splits.push_back(&test);
    const auto limit = static_cast<size_t>(task_.limit);
    for (Split* split : splits) {
      if (limit > 0 && split->examples.size() > limit) split->examples.resize(limit);
    }
    // What GLUE is tuned by is what it is tested by.
    if (task_.kind == TaskKind::kGlue) splits.erase(splits.begin() + 1);
    std::vector<std::string> counts;
    for (const Split* split : splits) {
      counts.push_back(str_cat(split->examples.size(), " ", split->name));
      if (split->cut > 0) {
        log::warning(str_cat(split->cut, " examples of ", split->name, " are longer than ",
                             task_.max_tokens, " tokens and were cut"));
      }
    }
    loaded_.about = str_cat("examples: ", str_join(counts, ", "));
    if (data.labels.size() > 0) {
      loaded_.about +=
          str_cat("; ", data.labels.size(), data.goal == Goal::kTagging ? " tags" : " classes");
    }
  }

  void hash(const std::string& path) {
    loaded_.hashes += hash_hex("xxh3_64", env_.map_file(path)->data()) + " ";
  }

  Env& env_;
  const TaskOptions& task_;
  ExampleEncoder encoder_;
  LoadedTask loaded_;
};

}  // namespace

LoadedTask load_task(Env& env, const TaskOptions& task, const tokenizer::Tokenizer& tokenizer) {
  return Files(env, task, tokenizer).load();
}

}  // namespace rexbert::tasks
