#pragma once

#include <filesystem>
#include <string>
#include <string_view>

// The logging facade. Lines go to standard error as "[time] [level] text", and, once
// open_log_file() was called, to that file too. Logging never throws. spdlog lies behind it and is
// seen by no one.
namespace rexbert::log {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

void debug(std::string_view text);
void info(std::string_view text);
void warning(std::string_view text);
void error(std::string_view text);

void set_level(Level level);

// Keeps lines below an error off standard error: for processes that are not the one to watch.
void quiet_console();

// Appends all further lines to `path` as well, and no longer to a file opened before. Throws
// Error(kIo) when it cannot be opened.
void open_log_file(const std::filesystem::path& path);

// A line that overwrites itself, for progress on a terminal. set_status("") removes it. It is drawn
// only where standard error is a terminal; log lines are printed above it.
bool status_is_shown();
void set_status(std::string_view text);

}  // namespace rexbert::log
