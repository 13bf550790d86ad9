#include "rexbert/tasks/suite_results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <tuple>

#include "rexbert/core/error.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"

namespace rexbert::tasks {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(); }

Json to_json(const SuiteTask& task) {
  Json measures = Json::array();
  for (const SuiteMeasure& measure : task.measures) {
    measures.push_back({{"name", measure.name},
                        {"key", measure.key},
                        {"scale", measure.scale},
                        {"higher_is_better", measure.higher_is_better}});
  }
  return {{"name", task.name},
          {"kind", task.kind},
          {"about", task.about},
          {"measures", measures},
          {"seeds", task.seeds}};
}

Json to_json(const SuiteScore& score) {
  Json values = Json::object();
  for (const auto& [key, value] : score.values) values[key] = number_or_null(value);
  return {{"model", score.model},
          {"task", score.task},
          {"seed", score.seed},
          {"values", values},
          {"details", score.details}};
}

Json summaries_of(const SuiteResults& results) {
  Json summaries = Json::array();
  for (const SuiteTask& task : results.tasks) {
    for (const SuiteMeasure& measure : task.measures) {
      for (const SuiteModel& model : results.models) {
        const ScoreSummary summary = summarize(results, model, task, measure);
        summaries.push_back({{"task", task.name},
                             {"measure", measure.key},
                             {"model", model.name},
                             {"seeds", summary.seeds()},
                             {"mean", number_or_null(summary.mean)},
                             {"standard_deviation", number_or_null(summary.deviation)}});
      }
    }
  }
  return summaries;
}

SuiteTask task_from(const Json& json, const std::string& source) {
  SuiteTask task;
  task.name = json_get<std::string>(json, "name", source);
  task.kind = json_get<std::string>(json, "kind", source);
  task.about = json_get<std::string>(json, "about", source);
  for (const Json& measure : json_get<std::vector<Json>>(json, "measures", source)) {
    task.measures.push_back({json_get<std::string>(measure, "name", source),
                             json_get<std::string>(measure, "key", source),
                             json_get<double>(measure, "scale", source),
                             json_get<bool>(measure, "higher_is_better", source)});
  }
  task.seeds = json_get<std::vector<uint64_t>>(json, "seeds", source);
  return task;
}

SuiteScore score_from(const Json& json, const std::string& source) {
  SuiteScore score;
  score.model = json_get<std::string>(json, "model", source);
  score.task = json_get<std::string>(json, "task", source);
  score.seed = json_get<uint64_t>(json, "seed", source);
  const Json values = json_get<Json>(json, "values", source);
  for (const auto& [key, value] : values.items()) {
    score.values[key] = value.is_null() ? kUndefined : json_get<double>(values, key, source);
  }
  score.details = json_get<Json>(json, "details", source);
  return score;
}

[[noreturn]] void fail(std::string_view where, std::string_view problem) {
  throw Error(ErrorCode::kCorrupt, str_cat(where, ": ", problem));
}

template <class Named>
std::map<std::string, const Named*> by_name(const std::vector<Named>& all,
                                            const std::string& where) {
  std::map<std::string, const Named*> named;
  for (const Named& one : all) {
    if (!named.emplace(one.name, &one).second) {
      fail(where, str_cat("expected one of each name, got two of ", str_quote(one.name)));
    }
  }
  return named;
}

void check_details(const Json& details, const std::string& where) {
  const auto require = [&](bool holds, const char* key, const char* expected) {
    if (!holds) fail(str_cat(where, ".details.", key), str_cat("expected ", expected));
  };
  if (!details.is_object()) fail(str_cat(where, ".details"), "expected an object");
  const auto is_part = [](const Json& part) { return part.is_object(); };
  for (const auto& [key, value] : details.items()) {
    if (key == "hyper_parameters") require(value.is_object(), "hyper_parameters", "an object");
    if (key == "seconds") require(value.is_number(), "seconds", "a number");
    if (key == "types" || key == "domains") {
      require(value.is_object() && std::all_of(value.begin(), value.end(), is_part), key.c_str(),
              "an object of objects");
    }
    if (key == "positions") {
      const auto is_stretch = [](const Json& part) {
        return part.is_object() && part.contains("from") && part["from"].is_number();
      };
      require(value.is_array() && std::all_of(value.begin(), value.end(), is_stretch), "positions",
              "a list of objects with `from`");
    }
  }
}

}  // namespace

Json to_json(const SuiteResults& results) {
  check(results, results.name);
  Json models = Json::array();
  for (const SuiteModel& model : results.models) {
    models.push_back({{"name", model.name},
                      {"folder", model.folder},
                      {"parameters", model.parameters},
                      {"tokens", model.tokens}});
  }
  Json tasks = Json::array();
  for (const SuiteTask& task : results.tasks) tasks.push_back(to_json(task));
  Json scores = Json::array();
  for (const SuiteScore& score : results.scores) scores.push_back(to_json(score));
  return {{"version", kSuiteResultsVersion},
          {"name", results.name},
          {"models", models},
          {"tasks", tasks},
          {"scores", scores},
          {"summaries", summaries_of(results)},
          {"platform", results.platform}};
}

SuiteResults parse_suite_results(std::string_view text, std::string_view source) {
  const Json json = parse_json(text, source);
  const int version = json_get<int>(json, "version", source);
  if (version != kSuiteResultsVersion) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(source, ": expected version ", kSuiteResultsVersion, ", got ", version));
  }
  SuiteResults results;
  results.name = json_get<std::string>(json, "name", source);
  const auto each = [&](const char* key, const auto& read) {
    const auto list = json_get<std::vector<Json>>(json, key, source);
    for (size_t i = 0; i < list.size(); ++i) read(list[i], str_cat(source, ": ", key, "[", i, "]"));
  };
  each("models", [&](const Json& model, const std::string& where) {
    results.models.push_back(
        {json_get<std::string>(model, "name", where), json_get<std::string>(model, "folder", where),
         json_get<int64_t>(model, "parameters", where), json_get<int64_t>(model, "tokens", where)});
  });
  each("tasks", [&](const Json& task, const std::string& where) {
    results.tasks.push_back(task_from(task, where));
  });
  each("scores", [&](const Json& score, const std::string& where) {
    results.scores.push_back(score_from(score, where));
  });
  results.platform = json_get<Json>(json, "platform", source);
  check(results, source);
  return results;
}

void check(const SuiteResults& results, std::string_view source) {
  const auto models = by_name(results.models, str_cat(source, ": models"));
  const auto tasks = by_name(results.tasks, str_cat(source, ": tasks"));
  for (const auto& [name, task] : tasks) {
    if (task->measures.empty()) {
      fail(str_cat(source, ": task ", str_quote(name)), "expected at least one measure, got none");
    }
  }
  std::set<std::tuple<std::string, std::string, uint64_t>> seen;
  for (size_t i = 0; i < results.scores.size(); ++i) {
    const SuiteScore& score = results.scores[i];
    const std::string where = str_cat(source, ": scores[", i, "]");
    if (!models.contains(score.model)) {
      fail(where, str_cat("there is no model ", str_quote(score.model)));
    }
    const auto task = tasks.find(score.task);
    if (task == tasks.end()) fail(where, str_cat("there is no task ", str_quote(score.task)));
    const std::vector<uint64_t>& seeds = task->second->seeds;
    if (!seeds.empty() && std::find(seeds.begin(), seeds.end(), score.seed) == seeds.end()) {
      fail(where, str_cat("task ", str_quote(score.task), " has no seed ", score.seed));
    }
    if (!seen.insert({score.model, score.task, score.seed}).second) {
      fail(where, str_cat("expected one score of ", str_quote(score.model), " on ",
                          str_quote(score.task), " with seed ", score.seed, ", got another"));
    }
    for (const SuiteMeasure& measure : task->second->measures) {
      if (!score.values.contains(measure.key)) {
        fail(where, str_cat("expected a value of ", str_quote(measure.key), ", got none"));
      }
    }
    check_details(score.details, where);
  }
}

SuiteResults merge(const std::vector<SuiteResults>& parts,
                   const std::vector<std::string>& sources) {
  SuiteResults all;
  const auto find = [](auto& list, const std::string& name) {
    return std::find_if(list.begin(), list.end(),
                        [&](const auto& one) { return one.name == name; });
  };
  const auto differ = [](const std::string& source, const std::string& what) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(source, ": ", what, " than in the results before it"));
  };
  for (size_t i = 0; i < parts.size(); ++i) {
    const SuiteResults& part = parts[i];
    if (i == 0) {
      all.name = part.name;
      all.platform = part.platform;
    }
    for (const SuiteModel& model : part.models) {
      const auto known = find(all.models, model.name);
      if (known == all.models.end()) {
        all.models.push_back(model);
      } else if (known->parameters != model.parameters) {
        differ(sources[i], str_cat("model ", str_quote(model.name), " has other parameters"));
      }
    }
    for (const SuiteTask& task : part.tasks) {
      const auto known = find(all.tasks, task.name);
      if (known == all.tasks.end()) {
        all.tasks.push_back(task);
        continue;
      }
      if (known->measures != task.measures) {
        differ(sources[i], str_cat("task ", str_quote(task.name), " has other measures"));
      }
      std::set<uint64_t> seeds(known->seeds.begin(), known->seeds.end());
      seeds.insert(task.seeds.begin(), task.seeds.end());
      known->seeds.assign(seeds.begin(), seeds.end());
    }
    all.scores.insert(all.scores.end(), part.scores.begin(), part.scores.end());
  }
  check(all, str_join(sources, ", "));
  return all;
}

ScoreSummary summarize(std::vector<double> values) {
  ScoreSummary summary{std::move(values), kUndefined, kUndefined};
  if (std::all_of(summary.values.begin(), summary.values.end(),
                  [](double value) { return std::isfinite(value); })) {
    summary.mean = mean(summary.values);
    summary.deviation = sample_standard_deviation(summary.values);
  }
  return summary;
}

ScoreSummary summarize(const SuiteResults& results, const SuiteModel& model, const SuiteTask& task,
                       const SuiteMeasure& measure) {
  std::map<uint64_t, double> by_seed;
  for (const SuiteScore& score : results.scores) {
    if (score.model != model.name || score.task != task.name) continue;
    by_seed[score.seed] = score.values.at(measure.key);
  }
  std::vector<double> values;
  for (const auto& [seed, value] : by_seed) values.push_back(value);
  return summarize(std::move(values));
}

int64_t expected_seeds(const SuiteResults& results, const SuiteTask& task) {
  if (!task.seeds.empty()) return static_cast<int64_t>(task.seeds.size());
  std::map<std::string, int64_t> scores;
  int64_t most = 1;
  for (const SuiteScore& score : results.scores) {
    if (score.task == task.name) most = std::max(most, ++scores[score.model]);
  }
  return most;
}

}  // namespace rexbert::tasks
