#include "rexbert/tasks/suite.h"

#include <ATen/Context.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "rexbert/batch/stream_source.h"
#include "rexbert/ckpt/checkpoint.h"
#include "rexbert/ckpt/manifest.h"
#include "rexbert/ckpt/store.h"
#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/log.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/config.h"
#include "rexbert/tasks/fine_tune.h"
#include "rexbert/tasks/mlm_recovery.h"
#include "rexbert/tasks/scoring.h"
#include "rexbert/tasks/suite_report.h"
#include "rexbert/tasks/task_files.h"

namespace rexbert::tasks {
namespace {

constexpr std::string_view kRandom = "random:";

// Parts of another version are done again.
constexpr int kPartVersion = 1;

// NaN is written as null.
double number(const Json& json) {
  return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

// What one fine-tuning gave, or one measurement without.
struct Part {
  std::map<std::string, double> values;
  Json details = Json::object();
};

// Every task after that which it starts from, else by name.
std::vector<std::string> in_order(const SuiteOptions& suite) {
  std::vector<std::string> order;
  std::set<std::string> placed;
  const std::function<void(const std::string&)> place = [&](const std::string& name) {
    if (placed.contains(name)) return;
    const std::string& before = suite.tasks.at(name).start_from;
    if (!before.empty()) place(before);
    placed.insert(name);
    order.push_back(name);
  };
  for (const auto& [name, task] : suite.tasks) place(name);
  return order;
}

std::string hash_of_model(Env& env, const fs::path& folder) {
  std::string hashes;
  for (const std::string& name : env.list_directory(folder)) {
    if (name != hf::kConfigFile && !name.starts_with("model")) continue;
    if (env.is_directory(folder / name)) continue;
    hashes += hash_hex("xxh3_64", env.map_file(folder / name)->data()) + " ";
  }
  return hashes;
}

// Fine-tuning on a GPU takes deterministic algorithms, whatever the process around it has chosen.
class KeepDeterminism {
 public:
  KeepDeterminism() = default;
  KeepDeterminism(const KeepDeterminism&) = delete;
  KeepDeterminism& operator=(const KeepDeterminism&) = delete;
  ~KeepDeterminism() {
    at::globalContext().setDeterministicAlgorithms(deterministic_, /*warn_only=*/false);
  }

 private:
  bool deterministic_ = at::globalContext().deterministicAlgorithms();
};

class Suite {
 public:
  Suite(Env& env, const SuiteRequest& request) : env_(env), request_(request) {
    results_.name = request.options.name;
    results_.platform = ckpt::Platform::current(request.options.device).to_json();
    for (const SuiteCheckpoint& checkpoint : request.checkpoints) describe(checkpoint);
  }

  SuiteResults run() {
    for (const std::string& name : in_order(request_.options)) {
      const TaskOptions& task = request_.options.tasks.at(name);
      for (const SuiteCheckpoint& checkpoint : request_.checkpoints) {
        with_context(str_cat("tasks.", name), [&] {
          if (task.is_tuned()) {
            tune_and_score(checkpoint, name, task);
          } else {
            recover(checkpoint, name, task);
          }
        });
      }
      write_suite_report(env_, request_.output, results_);
    }
    return std::move(results_);
  }

 private:
  void describe(const SuiteCheckpoint& checkpoint) {
    const hf::ModelConfig config = hf::load_model_config(env_, checkpoint.folder);
    int64_t tokens = 0;
    if (!checkpoint.random_weights && ckpt::has_trainer_state(env_, checkpoint.folder)) {
      tokens = ckpt::read_trainer_state(env_, checkpoint.folder).tokens;
    }
    results_.models.push_back(
        {checkpoint.name, checkpoint.folder.string(), nn::parameter_count(config.encoder), tokens});
    hashes_[checkpoint.name] =
        str_cat(hash_of_model(env_, checkpoint.folder), checkpoint.random_weights);
  }

  // What a part depends on besides its place in the suite. Tasks come after those that they start
  // from.
  std::string& key(const SuiteCheckpoint& checkpoint, const std::string& name,
                   const TaskOptions& task, const tokenizer::Tokenizer& tokenizer,
                   const std::string& data) {
    const SuiteOptions& suite = request_.options;
    const std::string text = str_cat(
        kPartVersion, "\n", hashes_.at(checkpoint.name), "\n", tokenizer.fingerprint(), "\n", data,
        "\n", suite.device, " ", static_cast<int>(precision()), " ", suite.micro_tokens, "\n",
        config::to_yaml(config::schema_of<TaskOptions>().write(task, nullptr, ""), false),
        task.start_from.empty() ? "" : keys_.at({checkpoint.name, task.start_from}));
    return keys_[{checkpoint.name, name}] = hash_hex("xxh3_128", text);
  }

  static std::string key_with(const std::string& key, const Json& more) {
    return hash_hex("xxh3_128", key + more.dump());
  }

  nn::Precision precision() const {
    return request_.options.device == "cuda" ? request_.options.precision : nn::Precision::kF32;
  }

  fs::path directory(const SuiteCheckpoint& checkpoint, const std::string& task,
                     const std::string& part) const {
    return request_.output / "parts" / checkpoint.name / task / part;
  }

  fs::path model_folder(const SuiteCheckpoint& checkpoint, const std::string& task,
                        int64_t seed) const {
    return request_.output / "models" / checkpoint.name / task / str_cat("seed-", seed);
  }

  // The part as its file has it, else as `make` makes it. `left`: what it leaves besides.
  Part part(const fs::path& folder, const std::string& key, const std::function<Part()>& make,
            const std::optional<fs::path>& left = std::nullopt) {
    if (request_.stop_requested && request_.stop_requested()) {
      throw Error(ErrorCode::kInterrupted, "the suite was asked to stop");
    }
    const fs::path path = folder / "result.json";
    if (env_.exists(path) && (!left || env_.exists(*left))) {
      const Json json = parse_json(env_.read_file(path), path.string());
      if (json.value("key", "") == key) {
        log::info(str_cat(path.string(), ": done before"));
        remove_tuning_files(env_, folder);
        Part done;
        for (const auto& [name, value] : json.at("values").items()) {
          done.values[name] = number(value);
        }
        done.details = json.at("details");
        return done;
      }
      log::info(str_cat(path.string(), ": of other settings, done again"));
    }
    // Checkpoints of a part that was not finished serve only the same part.
    const fs::path mark = folder / "key";
    if (env_.exists(folder) && (!env_.exists(mark) || env_.read_file(mark) != key)) {
      env_.remove_all(folder);
    }
    env_.create_directories(folder);
    publish_file(env_, mark, key);
    const auto start = std::chrono::steady_clock::now();
    Part made = make();
    made.details["seconds"] = seconds_since(start);
    publish_file(
        env_, path,
        Json({{"key", key}, {"values", made.values}, {"details", made.details}}).dump(1) + "\n");
    remove_tuning_files(env_, folder);
    return made;
  }

  void add_task(const std::string& name, std::string kind, std::string about,
                std::vector<SuiteMeasure> measures, std::vector<uint64_t> seeds) {
    for (const SuiteTask& task : results_.tasks) {
      if (task.name == name) return;
    }
    results_.tasks.push_back(
        {name, std::move(kind), std::move(about), std::move(measures), std::move(seeds)});
  }

  void recover(const SuiteCheckpoint& checkpoint, const std::string& name,
               const TaskOptions& task) {
    const auto tokenizer = tokenizer::Tokenizer::load(env_, checkpoint.folder);
    // Measured once; the seed draws random weights.
    const auto seed = static_cast<uint64_t>(request_.options.seeds.front());
    add_task(name, "mlm recovery", about_recovery(task), measures_of_recovery(), {seed});
    const Part done =
        part(directory(checkpoint, name, str_cat("seed-", seed)),
             key(checkpoint, name, task, tokenizer, hash_of_domains(env_, task)), [&] {
               const std::optional<uint64_t> drawn =
                   checkpoint.random_weights ? std::optional(seed) : std::nullopt;
               TaskScore score = score_recovery(env_, checkpoint.folder, drawn, task,
                                                request_.options, request_.stop_requested);
               return Part{std::move(score.values), std::move(score.details)};
             });
    report(checkpoint, name, static_cast<int64_t>(seed), done);
  }

  void tune_and_score(const SuiteCheckpoint& checkpoint, const std::string& name,
                      const TaskOptions& task) {
    const auto tokenizer = tokenizer::Tokenizer::load(env_, checkpoint.folder);
    LoadedTask loaded = load_task(env_, task, tokenizer);
    const std::vector<int64_t>& seeds = request_.options.seeds;
    add_task(name, std::string(kind_of(task)), loaded.about, measures_of(loaded.data),
             {seeds.begin(), seeds.end()});
    std::string& key = this->key(checkpoint, name, task, tokenizer, loaded.hashes);
    const TuningOptions chosen = search(checkpoint, name, task, loaded, key);
    key = key_with(key, to_json(chosen));
    if (task.patience > 0 && !loaded.data.validation) {
      loaded.data.validation = hold_out(loaded.data, task.held_out);
    }
    for (const int64_t seed : request_.options.seeds) {
      const fs::path folder = directory(checkpoint, name, str_cat("seed-", seed));
      std::optional<fs::path> kept;
      if (is_kept(name)) kept = model_folder(checkpoint, name, seed);
      const auto make = [&] {
        TunedModel tuned = with_context(
            str_cat(checkpoint.name, ", seed ", seed, ", ", to_json(chosen).dump()), [&] {
              return fine_tune(env_, tuning(checkpoint, task, loaded.data, chosen, seed, folder));
            });
        if (kept) {
          env_.create_directories(kept->parent_path());
          save_tuned(env_, tuned, checkpoint.folder, *kept);
        }
        return score_tuned(tuned, loaded.data, chosen, request_.stop_requested);
      };
      const Part done = part(folder, key, make, kept);
      report(checkpoint, name, seed, done);
    }
  }

  // Tries the grid with the first seed.
  TuningOptions search(const SuiteCheckpoint& checkpoint, const std::string& name,
                       const TaskOptions& task, const LoadedTask& loaded, const std::string& key) {
    const std::vector<TuningOptions> grid = task.grid(request_.options.micro_tokens);
    if (grid.size() == 1) return grid.front();
    TaskData data = loaded.data;
    if (!data.validation) data.validation = hold_out(data, task.held_out);
    const int64_t seed = request_.options.seeds.front();
    size_t best = 0;
    double best_score = kWorstScore;
    for (size_t i = 0; i < grid.size(); ++i) {
      const fs::path folder = directory(checkpoint, name, str_cat("search-", i + 1));
      const Json point = to_json(grid[i]);
      const Part tried = part(folder, key_with(key, {{"point", point}, {"seed", seed}}), [&] {
        return try_point(tuning(checkpoint, task, data, grid[i], seed, folder));
      });
      const double score = tried.values.at("validation");
      log::info(str_cat(checkpoint.name, ", ", name, ": ", to_json(grid[i]).dump(),
                        str_printf(": validation score %.4f", score)));
      if (score > best_score) {
        best_score = score;
        best = i;
      }
    }
    return grid[best];
  }

  // One that diverges is the worst.
  Part try_point(const TuningRequest& request) {
    Part tried{{{"validation", kWorstScore}}, to_json(request.options)};
    try {
      TunedModel tuned = fine_tune(env_, request);
      tried.values["validation"] = validation_score(tuned, request);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kNumeric) throw;
      log::warning(error.what());
      tried.details["error"] = error.what();
    }
    return tried;
  }

  TuningRequest tuning(const SuiteCheckpoint& checkpoint, const TaskOptions& task,
                       const TaskData& data, const TuningOptions& options, int64_t seed,
                       const fs::path& folder) const {
    const SuiteOptions& suite = request_.options;
    TuningRequest request{.start = checkpoint.folder,
                          .data = data,
                          .options = options,
                          .seed = static_cast<uint64_t>(seed),
                          .random_weights = checkpoint.random_weights,
                          .device = suite.device,
                          .precision = precision(),
                          .directory = folder,
                          .checkpoint_steps = suite.checkpoint_every,
                          .stop_requested = request_.stop_requested};
    if (!task.start_from.empty()) {
      request.start = model_folder(checkpoint, task.start_from, seed);
      request.random_weights = false;
    }
    return request;
  }

  static Part score_tuned(TunedModel& tuned, const TaskData& data, const TuningOptions& options,
                          const std::function<bool()>& stop_requested) {
    Part scored;
    for (const Split& test : data.tests) {
      const Predictions predictions = predict(*tuned.model, data.goal, test.examples,
                                              tuned.config.rope, options, stop_requested);
      const TaskScore score = tasks::score(data, test, predictions);
      const std::string prefix = data.tests.size() == 1 ? "" : test.name + "_";
      for (const auto& [key, value] : score.values) scored.values[prefix + key] = value;
      scored.details.update(score.details);
    }
    scored.details["hyper_parameters"] = to_json(options);
    scored.details["steps"] = tuned.steps;
    if (tuned.best_epoch > 0) scored.details["best_epoch"] = tuned.best_epoch;
    return scored;
  }

  static Json to_json(const TuningOptions& options) {
    return {{"epochs", options.epochs},
            {"batch", options.batch},
            {"learning_rate", options.learning_rate},
            {"weight_decay", options.weight_decay}};
  }

  static std::string_view kind_of(const TaskOptions& task) {
    switch (task.kind) {
      case TaskKind::kTokens:
        return "token classification";
      case TaskKind::kSimilarity:
        return "similarity";
      case TaskKind::kClassification:
        return "classification";
      case TaskKind::kGlue:
        return "glue";
      case TaskKind::kMaskedTokens:
        return "mlm recovery";
    }
    return "";
  }

  bool is_kept(const std::string& name) const {
    if (request_.options.keep_models) return true;
    for (const auto& [other, task] : request_.options.tasks) {
      if (task.start_from == name) return true;
    }
    return false;
  }

  void report(const SuiteCheckpoint& checkpoint, const std::string& task, int64_t seed,
              const Part& part) {
    results_.scores.push_back(
        {checkpoint.name, task, static_cast<uint64_t>(seed), part.values, part.details});
    std::vector<std::string> values;
    for (const auto& [key, value] : part.values) {
      values.push_back(str_cat(key, str_printf(" %.4f", value)));
    }
    log::info(str_cat(checkpoint.name, ", ", task, ", seed ", seed, ": ", str_join(values, ", ")));
  }

  Env& env_;
  const SuiteRequest& request_;
  SuiteResults results_;
  std::map<std::string, std::string> hashes_;                        // of the models, by name
  std::map<std::pair<std::string, std::string>, std::string> keys_;  // by model and task
};

}  // namespace

SuiteCheckpoint parse_suite_checkpoint(Env& env, const std::string& text) {
  SuiteCheckpoint checkpoint;
  std::string path = text;
  // A folder's own name may have a "=".
  if (const size_t equals = text.find('='); equals != std::string::npos && !env.exists(text)) {
    checkpoint.name = text.substr(0, equals);
    path = text.substr(equals + 1);
  }
  if (path.starts_with(kRandom) && !env.exists(path)) {
    checkpoint.random_weights = true;
    path = path.substr(kRandom.size());
  }
  checkpoint.folder = ckpt::resolve_checkpoint(env, path);
  if (checkpoint.name.empty()) {
    const fs::path named = fs::path(path).lexically_normal();
    checkpoint.name = (named.has_filename() ? named : named.parent_path()).filename().string();
    if (checkpoint.random_weights) checkpoint.name = "random-" + checkpoint.name;
  }
  if (checkpoint.name.empty() || checkpoint.name.find('/') != std::string::npos ||
      checkpoint.name.starts_with('.')) {
    throw Error(ErrorCode::kUsage, str_cat("--checkpoint ", text,
                                           ": expected NAME=DIR with a name that can be a "
                                           "folder's, got ",
                                           str_quote(checkpoint.name)));
  }
  return checkpoint;
}

void check_suite_files(Env& env, const SuiteOptions& suite, const fs::path& tokenizer_folder) {
  const auto tokenizer = tokenizer::Tokenizer::load(env, tokenizer_folder);
  for (const auto& [name, task] : suite.tasks) {
    with_context(str_cat("tasks.", name), [&] {
      if (!task.is_tuned()) {
        check_domains(env, task, batch::identity_of(tokenizer, tokenizer_folder.string()));
        return;
      }
      TaskData data = load_task(env, task, tokenizer).data;
      const bool chooses = task.patience > 0 || task.grid(suite.micro_tokens).size() > 1;
      if (chooses && !data.validation) hold_out(data, task.held_out);
    });
  }
}

Json score_for_training(Env& env, const train::SuiteJob& job) {
  SuiteOptions options = load_suite_options(env, job.suite);
  options.device = job.device;
  options.precision = job.precision;
  const KeepDeterminism keep;
  const SuiteResults results =
      run_suite(env, {std::move(options), {{"model", job.model}}, job.output, job.stop_requested});
  std::map<std::string, std::map<std::string, std::vector<double>>> values;
  for (const SuiteScore& score : results.scores) {
    for (const auto& [key, value] : score.values) values[score.task][key].push_back(value);
  }
  Json fields = Json::object();
  for (const auto& [task, measures] : values) {
    for (const auto& [key, all] : measures) fields[task][key] = mean(all);
  }
  return fields;
}

SuiteResults run_suite(Env& env, const SuiteRequest& request) {
  std::set<std::string> names;
  for (const SuiteCheckpoint& checkpoint : request.checkpoints) {
    if (!names.insert(checkpoint.name).second) {
      throw Error(ErrorCode::kUsage,
                  str_cat("two checkpoints are called ", str_quote(checkpoint.name),
                          ": give them names, as in "
                          "--checkpoint NAME=DIR"));
    }
  }
  env.create_directories(request.output);
  const auto lock = env.try_lock(request.output / "lock");
  if (lock == nullptr) {
    throw Error(ErrorCode::kUsage,
                str_cat(request.output.string(), ": another process evaluates in this folder"));
  }
  return Suite(env, request).run();
}

}  // namespace rexbert::tasks
