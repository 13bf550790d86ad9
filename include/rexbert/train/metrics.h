#pragma once

#include <cstdint>
#include <memory>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/train/tensorboard.h"

namespace rexbert::train {

// What a run measures: metrics.jsonl, one JSON object a line (docs/formats/metrics.md), and, if
// wanted, TensorBoard event files under tensorboard/. A run that resumes at a step first drops the
// lines that a killed process wrote beyond it, so the file reads as if the run had never stopped.
class MetricsLog {
 public:
  MetricsLog(Env& env, const fs::path& run_directory, int64_t resumed_step, bool tensorboard);
  // Writes nothing: of the ranks that are not the first.
  MetricsLog();
  ~MetricsLog();

  // Appends {"kind": kind, "step": step, ...fields} and syncs it. TensorBoard gets every number in
  // `fields` as kind/path/to/number.
  void write(const std::string& kind, int64_t step, const Json& fields);
  // Whether there is a line of that kind and step. Reads the file.
  bool has(const std::string& kind, int64_t step) const;

 private:
  Env* env_ = nullptr;
  fs::path path_;
  std::unique_ptr<WritableFile> file_;
  std::unique_ptr<EventWriter> events_;
};

}  // namespace rexbert::train
