#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace rexbert {

// Reports how far a long job is: rate, share done and time left, as a live line on a terminal and
// as a log line every `interval` elsewhere. Not safe for many threads.
class Progress {
 public:
  // `total` 0 means unknown. `format` writes a quantity ("12.5 MiB", "3,000 documents").
  Progress(std::string label, uint64_t total, std::function<std::string(uint64_t)> format,
           std::chrono::seconds interval = std::chrono::seconds(15));
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` so far; `note` is appended to the line.
  void update(uint64_t done, const std::string& note = "");

 private:
  using Clock = std::chrono::steady_clock;

  std::string label_;
  uint64_t total_;
  std::function<std::string(uint64_t)> format_;
  std::chrono::seconds interval_;
  Clock::time_point start_;
  Clock::time_point last_drawn_;
  Clock::time_point last_logged_;
};

}  // namespace rexbert
