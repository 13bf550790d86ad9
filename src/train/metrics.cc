#include "rexbert/train/metrics.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "rexbert/core/strings.h"

namespace rexbert::train {
namespace {

constexpr const char* kCursors = "cursors";  // state, not a measurement

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The lines of `contents` up to `last_step`. A last line that was cut off by a kill is dropped.
std::string lines_until(const std::string& contents, int64_t last_step) {
  std::string kept;
  size_t begin = 0;
  for (size_t end; (end = contents.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = contents.substr(begin, end - begin);
    const Json json = Json::parse(line, nullptr, false);
    if (json.is_object() && json.value("step", int64_t{0}) <= last_step) kept += line + "\n";
  }
  return kept;
}

void collect_numbers(const Json& json, const std::string& tag,
                     std::vector<std::pair<std::string, double>>& out) {
  if (json.is_number()) out.emplace_back(tag, json.get<double>());
  if (!json.is_object()) return;
  for (const auto& [key, value] : json.items()) {
    if (key != kCursors) collect_numbers(value, str_cat(tag, "/", key), out);
  }
}

}  // namespace

MetricsLog::MetricsLog(Env& env, const fs::path& run_directory, int64_t resumed_step,
                       bool tensorboard)
    : env_(&env), path_(run_directory / "metrics.jsonl") {
  const std::string kept =
      resumed_step > 0 && env.exists(path_) ? lines_until(env.read_file(path_), resumed_step) : "";
  publish_file(env, path_, kept);
  file_ = env.new_appendable_file(path_);
  if (tensorboard) {
    events_ = std::make_unique<EventWriter>(env, run_directory / "tensorboard", wall_time(),
                                            resumed_step + 1);
  }
}

MetricsLog::MetricsLog() = default;
MetricsLog::~MetricsLog() = default;

void MetricsLog::write(const std::string& kind, int64_t step, const Json& fields) {
  if (file_ == nullptr) return;
  Json line = {{"kind", kind}, {"step", step}};
  line.update(fields);
  file_->append(line.dump() + "\n");
  file_->sync();
  if (events_ == nullptr) return;
  std::vector<std::pair<std::string, double>> numbers;
  collect_numbers(fields, kind, numbers);
  events_->scalars(wall_time(), step, numbers);
  events_->flush();
}

bool MetricsLog::has(const std::string& kind, int64_t step) const {
  if (file_ == nullptr) return false;
  for (const std::string& text : str_split(env_->read_file(path_), '\n')) {
    const Json line = Json::parse(text, nullptr, false);
    if (line.is_object() && line.value("kind", "") == kind &&
        line.value("step", int64_t{-1}) == step) {
      return true;
    }
  }
  return false;
}

}  // namespace rexbert::train
