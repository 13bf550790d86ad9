#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <utility>
#include <vector>

extern char** environ;

namespace rexbert::test {

// Starts the program words[0]; what it prints is appended to `log`. `environment` ("NAME=value") is
// added to the test's own.
inline pid_t start_program(std::vector<std::string> words, const std::filesystem::path& log,
                           std::vector<std::string> environment = {}) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // Ours come first: the first of two entries of a name is the one that programs see.
  std::vector<char*> entries;
  for (std::string& entry : environment) entries.push_back(entry.data());
  for (char** entry = environ; *entry != nullptr; ++entry) entries.push_back(*entry);
  entries.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int descriptor : {1, 2}) {
    posix_spawn_file_actions_addopen(&actions, descriptor, log.c_str(),
                                     O_WRONLY | O_CREAT | O_APPEND, 0666);
  }
  pid_t process = 0;
  EXPECT_EQ(
      posix_spawn(&process, arguments[0], &actions, nullptr, arguments.data(), entries.data()), 0);
  posix_spawn_file_actions_destroy(&actions);
  return process;
}

// Starts the built command with `words`.
inline pid_t start_rexbert(std::vector<std::string> words, const std::filesystem::path& log,
                           std::vector<std::string> environment = {}) {
  words.insert(words.begin(), REXBERT_BINARY_DIR "/bin/rexbert");
  return start_program(std::move(words), log, std::move(environment));
}

// The wait status.
inline int wait_for(pid_t process) {
  int status = 0;
  EXPECT_EQ(waitpid(process, &status, 0), process);
  return status;
}

// Sends the process a signal when `moment()` says so, and waits for its end; false when it ended
// before.
template <class Moment>
bool signal_at(pid_t process, Moment moment, int signal, int* status) {
  while (!moment()) {
    if (waitpid(process, status, WNOHANG) == process) return false;
    std::this_thread::yield();
  }
  kill(process, signal);
  *status = wait_for(process);
  return true;
}

// Kills the process with SIGKILL when `moment()` says so; false when it ended before.
template <class Moment>
bool kill_at(pid_t process, Moment moment) {
  int status = 0;
  return signal_at(process, moment, SIGKILL, &status) && WIFSIGNALED(status);
}

}  // namespace rexbert::test
