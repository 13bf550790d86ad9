#include "rexbert/core/progress.h"

#include <utility>

#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert {

Progress::Progress(std::string label, uint64_t total, std::function<std::string(uint64_t)> format,
                   std::chrono::seconds interval)
    : label_(std::move(label)),
      total_(total),
      format_(std::move(format)),
      interval_(interval),
      start_(Clock::now()),
      last_drawn_(start_),
      last_logged_(start_) {}

Progress::~Progress() { log::set_status(""); }

void Progress::update(uint64_t done, const std::string& note) {
  const Clock::time_point now = Clock::now();
  const bool draw = log::status_is_shown() && now - last_drawn_ >= std::chrono::milliseconds(200);
  const bool write = !log::status_is_shown() && now - last_logged_ >= interval_;
  if (!draw && !write) return;

  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string line = str_cat(label_, ": ", format_(done));
  if (total_ > 0) {
    line += str_printf(" of %s (%.0f%%)", format_(total_).c_str(),
                       100.0 * static_cast<double>(done) / static_cast<double>(total_));
  }
  line += str_cat(", ", format_(static_cast<uint64_t>(rate)), "/s");
  if (total_ > done && rate > 0) {
    line += str_cat(", ", format_duration(static_cast<double>(total_ - done) / rate), " left");
  }
  if (!note.empty()) line += ", " + note;

  if (draw) {
    log::set_status(line);
    last_drawn_ = now;
  } else {
    log::info(line);
    last_logged_ = now;
  }
}

}  // namespace rexbert
