#include "rexbert/core/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rexbert/core/error.h"

namespace rexbert::log {
namespace {

struct State {
  std::mutex mutex;
  std::shared_ptr<spdlog::logger> logger;
  std::string status;
  bool terminal = isatty(STDERR_FILENO) != 0;

  State()
      : logger(std::make_shared<spdlog::logger>(
            "rexbert", std::make_shared<spdlog::sinks::stderr_color_sink_mt>())) {
    logger->set_pattern("[%H:%M:%S] [%^%l%$] %v");
    logger->flush_on(spdlog::level::trace);  // a killed run leaves its last line in the file
  }

  void erase_status() {
    if (terminal && !status.empty()) std::fputs("\r\x1b[2K", stderr);
  }
  void draw_status() {
    if (terminal && !status.empty()) {
      std::fputs(status.c_str(), stderr);
      std::fflush(stderr);
    }
  }
};

State& state() {
  static State* const instance = new State;  // lives until the process ends: others log at exit
  return *instance;
}

void write(spdlog::level::level_enum level, std::string_view text) {
  State& s = state();
  const std::scoped_lock lock(s.mutex);
  if (!s.logger->should_log(level)) return;
  s.erase_status();
  s.logger->log(level, spdlog::string_view_t(text.data(), text.size()));
  s.draw_status();
}

}  // namespace

void debug(std::string_view text) { write(spdlog::level::debug, text); }
void info(std::string_view text) { write(spdlog::level::info, text); }
void warning(std::string_view text) { write(spdlog::level::warn, text); }
void error(std::string_view text) { write(spdlog::level::err, text); }

void set_level(Level level) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err,
                                                          spdlog::level::off};
  state().logger->set_level(kLevels[static_cast<int>(level)]);
}

void open_log_file(const std::filesystem::path& path) {
  try {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
    sink->set_pattern("[%Y-%m-%d %H:%M:%S] [%l] %v");
    State& s = state();
    const std::scoped_lock lock(s.mutex);
    s.logger->sinks().resize(1);  // a file that was open before is done with
    s.logger->sinks().push_back(std::move(sink));
  } catch (const spdlog::spdlog_ex& failure) {
    throw Error(ErrorCode::kIo, path.string() + ": cannot open the log file: " + failure.what());
  }
}

void quiet_console() {
  State& s = state();
  const std::scoped_lock lock(s.mutex);
  s.logger->sinks().front()->set_level(spdlog::level::err);
  s.terminal = false;
}

bool status_is_shown() { return state().terminal; }

void set_status(std::string_view text) {
  State& s = state();
  const std::scoped_lock lock(s.mutex);
  s.erase_status();
  s.status = text;
  s.draw_status();
}

}  // namespace rexbert::log
