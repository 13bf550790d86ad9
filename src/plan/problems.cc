#include <algorithm>
#include <cmath>

#include "rexbert/core/strings.h"
#include "rexbert/plan/plan.h"

namespace rexbert::plan {
namespace {

// Far above any run, far below where sums of tokens leave int64.
constexpr int64_t kMostTokens = 9'000'000'000'000'000;
constexpr int64_t kMostRows = 100'000'000;

std::string count(int64_t value) {
  return config::write_integer(value, config::NumberForm::kCount);
}

class Checker {
 public:
  explicit Checker(const PlanOptions& options) : options_(options) {}

  std::vector<PlanProblem> run() {
    if (options_.lanes < 1) {
      add("data.lanes", str_cat("expected a number above 0, got ", options_.lanes));
      return std::move(problems_);
    }
    if (options_.phases.empty()) add("phases", "expected at least one phase, got none");
    for (size_t i = 0; i < options_.phases.size(); ++i) check_phase(i);
    return std::move(problems_);
  }

 private:
  void add(std::string path, std::string what) {
    problems_.push_back({std::move(path), std::move(what)});
  }

  void check_phase(size_t index) {
    const PhaseOptions& phase = options_.phases[index];
    const std::string path = str_cat("phases[", index, "]");
    check_name(index, path + ".name");
    if (phase.context_length < 1) {
      add(path + ".context_length",
          str_cat("expected a length above 0, got ", phase.context_length));
    }
    if (phase.tokens < 1 || phase.tokens > kMostTokens) {
      add(path + ".tokens", str_cat("expected a token count above 0 and up to ", count(kMostTokens),
                                    ", got ", count(phase.tokens)));
    } else if (check_batch(phase, path + ".batch") && phase.context_length > 0) {
      check_length(phase, path + ".tokens");
    }
    check_learning_rate(phase, path + ".learning_rate");
    const bool drifts = phase.mixture.to.has_value();
    check_weights(phase.mixture.from, path + (drifts ? ".mixture.from" : ".mixture"));
    if (drifts) check_weights(*phase.mixture.to, path + ".mixture.to");
  }

  void check_name(size_t index, const std::string& path) {
    const std::string& name = options_.phases[index].name;
    static constexpr std::string_view kAllowed =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (name.empty() || name.find_first_not_of(kAllowed) != std::string::npos) {
      add(path, str_cat("expected letters, digits, \"-\" and \"_\", got ", str_quote(name)));
    }
    for (size_t i = 0; i < index; ++i) {
      if (options_.phases[i].name != name) continue;
      add(path, str_cat("expected a name of its own, got ", str_quote(name),
                        ", the name of phases[", i, "]"));
      return;
    }
  }

  bool check_batch(const PhaseOptions& phase, const std::string& path) {
    const BatchOptions& batch = phase.batch;
    bool good = check_rows(batch.rows, path + ".rows");
    if (!batch.warmup) return good;
    good = check_rows(batch.warmup->from, path + ".warmup.from") && good;
    if (good && batch.warmup->from > batch.rows) {
      add(path + ".warmup.from", str_cat("expected at most the rows of the full batch, ",
                                         batch.rows, ", got ", batch.warmup->from));
      good = false;
    }
    if (batch.warmup->tokens < 1 || batch.warmup->tokens > phase.tokens) {
      add(path + ".warmup.tokens",
          str_cat("expected a count above 0 and up to the phase's tokens, ", count(phase.tokens),
                  ", got ", count(batch.warmup->tokens)));
    }
    return good;
  }

  bool check_rows(int64_t rows, const std::string& path) {
    const int64_t lanes = options_.lanes;
    if (rows < 1 || rows > kMostRows) {
      add(path, str_cat("expected a number of rows from 1 to ", kMostRows, ", got ", rows));
      return false;
    }
    if (rows % lanes == 0) return true;
    const int64_t below = rows / lanes * lanes;
    add(path, str_cat("expected a multiple of the ", lanes, " lanes (data.lanes), got ", rows,
                      below > 0 ? str_cat("; the nearest are ", below, " and ", below + lanes)
                                : str_cat("; the nearest is ", lanes)));
    return false;
  }

  void check_length(const PhaseOptions& phase, const std::string& path) {
    const int64_t rows = phase.batch.warmup ? phase.batch.warmup->from : phase.batch.rows;
    const int64_t step_tokens = rows * phase.context_length;
    if (phase.tokens >= step_tokens) return;
    add(path, str_cat("expected at least the ", step_tokens, " tokens of one step (", rows,
                      " rows of ", phase.context_length, "), got ", count(phase.tokens)));
  }

  void check_learning_rate(const PhaseOptions& phase, const std::string& path) {
    const LearningRateOptions& rate = phase.learning_rate;
    if (!(rate.start() > 0) || !std::isfinite(rate.start())) {
      add(path + (rate.decays() ? ".from" : ".peak"),
          str_cat("expected a rate above 0, got ", rate.start()));
    }
    if (phase.tokens < 1) return;  // said already
    if (rate.warmup > phase.tokens) {
      add(path + ".warmup", str_cat("expected at most the phase's tokens, ", count(phase.tokens),
                                    ", got ", count(rate.warmup)));
    } else if (rate.decays() && rate.warmup == phase.tokens) {
      add(path + ".warmup", str_cat("expected less than the phase's tokens, so that some are left "
                                    "to decay over, got all ",
                                    count(phase.tokens)));
    }
  }

  void check_weights(const std::map<std::string, double>& weights, const std::string& path) {
    double sum = 0;
    for (const auto& [stream, weight] : weights) {
      const std::string key = config::join_path(path, stream);
      if (!(weight >= 0) || !std::isfinite(weight)) {
        add(key, str_cat("expected a weight of at least 0, got ", weight));
      }
      sum += weight;
      if (std::count(options_.streams.begin(), options_.streams.end(), stream) > 0) continue;
      const std::string nearest = nearest_name(stream, options_.streams);
      add(key, nearest.empty()
                   ? str_cat("unknown stream; expected one of ", str_join(options_.streams, ", "))
                   : str_cat("unknown stream; did you mean ", nearest, "?"));
    }
    if (sum == 0) add(path, "expected a weight above 0 for at least one stream");
  }

  const PlanOptions& options_;
  std::vector<PlanProblem> problems_;
};

}  // namespace

std::vector<PlanProblem> find_problems(const PlanOptions& options) {
  return Checker(options).run();
}

}  // namespace rexbert::plan
