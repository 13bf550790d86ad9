#include <algorithm>
#include <cstdlib>

#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
#include "rexbert/plan/report.h"

namespace rexbert::plan {
namespace {

constexpr size_t kShownBatchSizes = 9;

// 4,608
std::string grouped(int64_t value) {
  std::string digits = std::to_string(value);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (value < 0 ? 1 : 0);
       at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string line(std::string_view label, const std::string& value) {
  return str_printf("  %-16.*s%s\n", static_cast<int>(label.size()), label.data(), value.c_str());
}

// Four significant digits.
std::string rounded(double value) {
  return config::write_double(std::strtod(str_printf("%.4g", value).c_str(), nullptr));
}

// A value of the options as the config would write it, on one line.
template <class T>
std::string as_written(const T& value) {
  std::string text;
  const config::Node node = config::schema_of<T>().write(value, nullptr, "");
  for (const auto& [key, member] : node.map) {
    if (!text.empty()) text += ", ";
    if (member.kind == config::NodeKind::kScalar) text += str_cat(key, " ", member.scalar);
  }
  return text;
}

std::string weights_text(const std::map<std::string, double>& weights) {
  double sum = 0;
  for (const auto& [stream, weight] : weights) sum += weight;
  std::vector<std::string> parts;
  for (const auto& [stream, weight] : weights) {
    parts.push_back(str_printf("%s %.4g%%", stream.c_str(), 100 * weight / sum));
  }
  return str_join(parts, ", ");
}

std::string mixture_text(const MixtureOptions& mixture) {
  if (!mixture.to) return weights_text(mixture.from);
  return str_cat(weights_text(mixture.from), "  ->  ", weights_text(*mixture.to));
}

std::string batch_text(const PhaseReport& phase) {
  const int64_t context_length = phase.options.context_length;
  std::string text =
      str_cat(grouped(phase.options.batch.rows), " rows of ", grouped(context_length),
              " tokens = ", format_count(phase.options.batch.rows * context_length), " tokens");
  if (phase.growth.size() < 2) return line("batch", text);
  text = line("batch", str_cat(text, ", grown over ",
                               format_count(phase.options.batch.warmup->tokens), " tokens:"));
  const size_t sizes = phase.growth.size();
  const size_t shown = std::min(sizes, kShownBatchSizes);
  for (size_t i = 0; i < shown; ++i) {
    const BatchGrowth& entry = phase.growth[i * (sizes - 1) / (shown - 1)];
    text += line("", str_printf("%8s rows from step %s (%s tokens)", grouped(entry.rows).c_str(),
                                grouped(entry.first_step).c_str(),
                                format_count(entry.tokens_before).c_str()));
  }
  if (shown < sizes) text += line("", str_cat("(", shown, " of ", sizes, " sizes shown)"));
  return text;
}

// "144 of 4,608 rows: 9 micro-batches of 16 rows = 16,384 tokens".
std::string share_text(const BatchShare& share, int64_t context_length) {
  const auto rows = [](int64_t count) {
    return str_cat(grouped(count), count == 1 ? " row" : " rows");
  };
  std::string text = str_cat(
      grouped(share.rows), " of ", rows(share.batch_rows), ": ", grouped(share.micro_batches),
      share.micro_batches == 1 ? " micro-batch" : " micro-batches", " of ", rows(share.micro_rows),
      " = ", grouped(share.micro_rows * context_length), " tokens");
  if (share.last_micro_rows == share.micro_rows) return text;
  return str_cat(text, ", the last of ", rows(share.last_micro_rows));
}

std::string need_text(const StreamNeed& need) {
  std::string text = str_printf("%-12s needs %s", need.stream.c_str(),
                                format_count(static_cast<int64_t>(need.tokens)).c_str());
  if (!need.held) return text + ", holds an unknown number of tokens";
  text += str_cat(", holds ", format_count(*need.held));
  return need.epochs() ? text + str_printf(": %.4g epochs", *need.epochs()) : text;
}

std::string phase_text(const PhaseReport& phase, size_t index, size_t count) {
  const PhaseOptions& options = phase.options;
  const PhaseSpan& span = phase.span;
  std::string text = str_cat("\nphase ", index + 1, " of ", count, ": ", options.name, "\n");
  text += line("tokens", str_cat(format_count(options.tokens), " (", grouped(span.tokens()),
                                 " in whole steps)"));
  text += line("steps", str_cat(grouped(span.steps()), ": ", grouped(span.first_step), " to ",
                                grouped(span.end_step - 1)));
  text += line("rows", grouped(span.rows()));
  text += line("learning rate", as_written(options.learning_rate));
  for (const Landmark& landmark : phase.landmarks) {
    text += line(
        "", str_printf("%-15s%s at step %s", landmark.name.c_str(),
                       rounded(landmark.learning_rate).c_str(), grouped(landmark.step).c_str()));
  }
  text += line("weight decay", config::write_double(phase.weight_decay));
  text += batch_text(phase);
  for (size_t i = 0; i < phase.shares.size(); ++i) {
    text += line(i == 0 ? "each rank" : "", share_text(phase.shares[i], options.context_length));
  }
  text += line("context length", grouped(options.context_length));
  text += line("RoPE theta", as_written(options.rope_theta));
  text += line("masking", as_written(options.masking));
  text += line("mixture", mixture_text(options.mixture));
  for (const StreamNeed& need : phase.needs) text += line("", need_text(need));
  if (!phase.inherited.empty()) text += line("inherited", str_join(phase.inherited, ", "));
  return text;
}

Json needs_json(const std::vector<StreamNeed>& needs) {
  Json list = Json::array();
  for (const StreamNeed& need : needs) {
    Json entry = {{"stream", need.stream}, {"tokens", need.tokens}};
    entry["held"] = need.held ? Json(*need.held) : Json();
    entry["epochs"] = need.epochs() ? Json(*need.epochs()) : Json();
    list.push_back(std::move(entry));
  }
  return list;
}

Json options_json(const config::Node& node) {
  switch (node.kind) {
    case config::NodeKind::kNull:
      return nullptr;
    case config::NodeKind::kScalar: {
      int64_t integer = 0;
      double real = 0;
      if (config::read_integer(node, config::NumberForm::kCount, integer)) return integer;
      if (config::read_double(node, real)) return real;
      return node.scalar;
    }
    case config::NodeKind::kList: {
      Json list = Json::array();
      for (const config::Node& item : node.list) list.push_back(options_json(item));
      return list;
    }
    case config::NodeKind::kMap: {
      Json map = Json::object();
      for (const auto& [key, value] : node.map) map[key] = options_json(value);
      return map;
    }
  }
  return nullptr;
}

Json phase_json(const PhaseReport& phase) {
  Json json = options_json(config::schema_of<PhaseOptions>().write(phase.options, nullptr, ""));
  json["name"] = phase.options.name;
  json["weight_decay"] = phase.weight_decay;
  json["steps"] = phase.span.steps();
  json["first_step"] = phase.span.first_step;
  json["end_step"] = phase.span.end_step;
  json["rows"] = phase.span.rows();
  json["tokens_in_whole_steps"] = phase.span.tokens();
  json["landmarks"] = Json::array();
  for (const Landmark& landmark : phase.landmarks) {
    json["landmarks"].push_back({{"name", landmark.name},
                                 {"step", landmark.step},
                                 {"learning_rate", landmark.learning_rate}});
  }
  json["growth"] = Json::array();
  for (const BatchGrowth& entry : phase.growth) {
    json["growth"].push_back({{"first_step", entry.first_step},
                              {"phase_tokens_before", entry.tokens_before},
                              {"rows", entry.rows}});
  }
  for (const BatchShare& share : phase.shares) {
    json["shares"].push_back({{"batch_rows", share.batch_rows},
                              {"rows", share.rows},
                              {"micro_rows", share.micro_rows},
                              {"micro_tokens", share.micro_rows * phase.options.context_length},
                              {"micro_batches", share.micro_batches},
                              {"last_micro_rows", share.last_micro_rows}});
  }
  json["streams"] = needs_json(phase.needs);
  json["inherited"] = phase.inherited;
  return json;
}

}  // namespace

std::string to_text(const PlanReport& report) {
  const int64_t end_step = report.phases.back().span.end_step;
  const int64_t tokens = report.phases.back().span.end_tokens - report.start.first_tokens;
  const size_t count = report.phases.size();
  std::string text =
      str_cat(count, count == 1 ? " phase, " : " phases, ",
              grouped(end_step - report.start.first_step), " steps, ", format_count(tokens),
              " tokens, ", report.lanes, report.lanes == 1 ? " lane" : " lanes");
  if (report.ranks == 1) text += " on 1 rank";
  if (report.ranks > 1) {
    text += str_cat(" on ", report.ranks, " ranks, ", report.lanes_per_rank, " each");
  }
  text += "\n";
  if (report.start != PlanStart{}) {
    text += str_cat("continues a run of ", grouped(report.start.first_step), " steps and ",
                    format_count(report.start.first_tokens), " tokens\n");
  }
  for (size_t i = 0; i < count; ++i) text += phase_text(report.phases[i], i, count);
  text += "\nstreams\n";
  for (const StreamNeed& need : report.needs) text += str_cat("  ", need_text(need), "\n");
  return text;
}

Json to_json(const PlanReport& report) {
  Json json;
  json["first_step"] = report.start.first_step;
  json["end_step"] = report.phases.back().span.end_step;
  json["steps"] = report.phases.back().span.end_step - report.start.first_step;
  json["tokens_in_whole_steps"] = report.phases.back().span.end_tokens - report.start.first_tokens;
  json["lanes"] = report.lanes;
  if (report.ranks > 0) {
    json["world_size"] = report.ranks;
    json["lanes_per_rank"] = report.lanes_per_rank;
  }
  json["phases"] = Json::array();
  for (const PhaseReport& phase : report.phases) json["phases"].push_back(phase_json(phase));
  json["streams"] = needs_json(report.needs);
  return json;
}

}  // namespace rexbert::plan
