#include "train/rank_times.h"

#include <algorithm>

#include "rexbert/core/statistics.h"
#include "rexbert/core/strings.h"

namespace rexbert::train {
namespace {

constexpr double kSlow = 1.25;
constexpr double kNoticeable = 0.05;  // seconds a step; less is the noise of short steps

template <class Take>
std::vector<double> each(const std::vector<RankTimes>& by_rank, Take take) {
  std::vector<double> values;
  for (const RankTimes& times : by_rank) values.push_back(take(times));
  return values;
}

Json spread(const std::vector<double>& values) {
  return {{"min", *std::min_element(values.begin(), values.end())},
          {"median", median(values)},
          {"max", *std::max_element(values.begin(), values.end())}};
}

double own_work(const RankTimes& times) { return times.compute() + times.data_wait; }

}  // namespace

Json RankTimes::to_json() const {
  return {{"step", step}, {"data_wait", data_wait}, {"exposed", exposed}, {"host", host}};
}

RankTimes RankTimes::from_json(const Json& json) {
  const std::string source = "a rank's times";
  return {json_get<double>(json, "step", source), json_get<double>(json, "data_wait", source),
          json_get<double>(json, "exposed", source), json_get<std::string>(json, "host", source)};
}

Json spread_of(const std::vector<RankTimes>& by_rank) {
  return {{"step", spread(each(by_rank, [](const RankTimes& t) { return t.step; }))},
          {"data_wait", spread(each(by_rank, [](const RankTimes& t) { return t.data_wait; }))},
          {"compute", spread(each(by_rank, [](const RankTimes& t) { return t.compute(); }))},
          {"exposed", spread(each(by_rank, [](const RankTimes& t) { return t.exposed; }))}};
}

std::vector<std::string> slow_ranks(const std::vector<RankTimes>& by_rank) {
  std::vector<std::string> lines;
  if (by_rank.size() < 3) return lines;
  const double usual = median(each(by_rank, own_work));
  for (size_t rank = 0; rank < by_rank.size(); ++rank) {
    const RankTimes& times = by_rank[rank];
    if (own_work(times) <= std::max(kSlow * usual, usual + kNoticeable)) continue;
    lines.push_back(str_cat("rank ", rank, " on ", times.host, " is slow: ",
                            str_printf("%.3f s of its own a step (%.3f s of it waiting for data), "
                                       "the median is %.3f s",
                                       own_work(times), times.data_wait, usual)));
  }
  return lines;
}

}  // namespace rexbert::train
