#include "metrics/metric_cases.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rexbert/core/error.h"
#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"
#include "rexbert/metrics/classification.h"
#include "rexbert/metrics/correlation.h"
#include "rexbert/metrics/entities.h"
#include "rexbert/metrics/ranking.h"

namespace rexbert::metrics::test {
namespace {

// The references add the same numbers in other orders: n = 300 terms of sizes up to 1 move a sum by
// at most n eps = 7e-14, and nothing here divides by a small number.
constexpr double kTolerance = 1e-12;

std::vector<double> numbers(const Json& list) {
  std::vector<double> values;
  for (const Json& value : list) {
    values.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN()
                                     : value.get<double>());
  }
  return values;
}

Json to_json(const Scores& scores) {
  return {scores.precision, scores.recall, scores.f1, scores.support};
}

Json evaluate_classification(const Json& input) {
  const ConfusionMatrix matrix(input.at("truth").get<std::vector<int>>(),
                               input.at("predicted").get<std::vector<int>>(),
                               input.at("classes").get<int>());
  Json result = {{"accuracy", accuracy(matrix)},
                 {"matthews", matthews_correlation(matrix)},
                 {"micro", to_json(average_scores(matrix, Average::kMicro))},
                 {"macro", to_json(average_scores(matrix, Average::kMacro))},
                 {"weighted", to_json(average_scores(matrix, Average::kWeighted))}};
  for (int c = 0; c < matrix.classes(); ++c) {
    result["classes"].push_back(to_json(class_scores(matrix, c)));
    for (int p = 0; p < matrix.classes(); ++p) result["confusion"].push_back(matrix.count(c, p));
  }
  return result;
}

Json evaluate_correlation(const Json& input) {
  const std::vector<double> x = numbers(input.at("x"));
  const std::vector<double> y = numbers(input.at("y"));
  return {{"pearson", pearson(x, y)}, {"spearman", spearman(x, y)}};
}

Json evaluate_ranks(const Json& input) { return mid_ranks(numbers(input.at("values"))); }

Json evaluate_ranking(const Json& input) {
  const std::vector<double> gains = numbers(input.at("gains"));
  const std::vector<double> scores = numbers(input.at("scores"));
  const Json& cutoff = input.at("cutoff");
  return cutoff.is_null() ? ndcg(gains, scores) : ndcg(gains, scores, cutoff.get<size_t>());
}

Json evaluate_entities(const Json& input) {
  const EntityReport report =
      score_entities(input.at("truth").get<std::vector<TagSequence>>(),
                     input.at("predicted").get<std::vector<TagSequence>>(),
                     input.at("strict").get<bool>() ? EntityMode::kStrictIob2 : EntityMode::kConll);
  Json result = {{"micro", to_json(report.micro)},
                 {"macro", to_json(report.macro)},
                 {"weighted", to_json(report.weighted)},
                 {"types", Json::object()}};
  for (const auto& [type, scores] : report.types) result["types"][type] = to_json(scores);
  return result;
}

Json evaluate_seeds(const Json& input) {
  const std::vector<double> values = numbers(input.at("values"));
  return {{"mean", mean(values)}, {"deviation", sample_standard_deviation(values)}};
}

Json evaluate(const std::string& kind, const Json& input) {
  try {
    if (kind == "classification") return evaluate_classification(input);
    if (kind == "correlation") return evaluate_correlation(input);
    if (kind == "ranks") return evaluate_ranks(input);
    if (kind == "ranking") return evaluate_ranking(input);
    if (kind == "entities") return evaluate_entities(input);
    if (kind == "seeds") return evaluate_seeds(input);
  } catch (const Error&) {
    return "refused";
  }
  throw Error(ErrorCode::kUsage, str_cat("unknown kind of case ", kind));
}

// Scores of entities of one type and of all are ours to the last bit: they come from few operations
// in a fixed order. Means over types are sums again.
bool is_exact(const std::string& where) {
  return where.find("entities.types.") != where.npos || where.find("entities.micro.") != where.npos;
}

bool same_number(const Json& got, const Json& expected, double tolerance) {
  const auto value = got.get<double>();
  if (expected.is_null()) return std::isnan(value);
  const auto wanted = expected.get<double>();
  return std::abs(value - wanted) <= tolerance * std::max(1.0, std::abs(wanted));
}

void compare(const Json& got, const Json& expected, const std::string& where,
             std::vector<std::string>& found) {
  bool same = false;
  if (got.is_number() && (expected.is_number() || expected.is_null())) {
    same = same_number(got, expected, is_exact(where) ? 0 : kTolerance);
  } else if (got.is_structured() && got.type() == expected.type() &&
             got.size() == expected.size()) {
    for (const auto& [key, value] : got.items()) {
      const Json& other = expected.is_array()      ? expected.at(std::stoul(key))
                          : expected.contains(key) ? expected.at(key)
                                                   : Json();
      compare(value, other, str_cat(where, ".", key), found);
    }
    same = true;
  } else {
    same = got == expected;
  }
  if (!same) found.push_back(str_cat(where, ": expected ", expected.dump(), ", got ", got.dump()));
}

}  // namespace

std::vector<std::string> differences(const Json& cases) {
  std::vector<std::string> found;
  size_t number = 0;
  for (const Json& one : cases) {
    const auto kind = one.at("kind").get<std::string>();
    compare(evaluate(kind, one.at("input")), one.at("expected"),
            str_cat("case ", number++, " ", kind), found);
  }
  return found;
}

}  // namespace rexbert::metrics::test
