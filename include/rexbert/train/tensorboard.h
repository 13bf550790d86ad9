#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::train {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `data`.
uint32_t crc32c(std::string_view data);

// Writes scalars as a TensorBoard event file: TFRecord framing (length, masked CRC-32C, data,
// masked CRC-32C) around Event messages of tensorflow/core/util/event.proto, encoded by hand
// because these few fields are all that is ever written.
class EventWriter {
 public:
  // Creates `directory`/events.out.tfevents.<seconds>.<host>.<process>. `first_step` above 0 tells
  // TensorBoard to drop what an earlier, killed process wrote at that step and later.
  EventWriter(Env& env, const fs::path& directory, double wall_time, int64_t first_step);
  ~EventWriter();

  void scalars(double wall_time, int64_t step,
               const std::vector<std::pair<std::string, double>>& values);
  // Makes everything so far visible to readers.
  void flush();

 private:
  void write_record(const std::string& event);

  std::unique_ptr<WritableFile> file_;
};

}  // namespace rexbert::train
