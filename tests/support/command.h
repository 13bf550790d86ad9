#pragma once

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "support/temporary_directory.h"

extern char** environ;

namespace rexbert::test {

// How a command ended and what it wrote.
struct CommandResult {
  int exit_code = -1;  // 128 + the signal's number when a signal ended it, as a shell says it
  std::string out;
  std::string err;
};

// Runs `arguments` (the program first, looked up in PATH) with an empty standard input and waits.
// The working directory is `directory`, or the test's own when that is empty; `environment`
// ("NAME=value") is added to the test's own.
inline CommandResult run_command(const std::vector<std::string>& arguments,
                                 const std::filesystem::path& directory = {},
                                 const std::vector<std::string>& environment = {}) {
  const TemporaryDirectory scratch;
  const std::string out = (scratch.path() / "out").string();
  const std::string err = (scratch.path() / "err").string();
  const std::string where = directory.empty() ? "." : directory.string();

  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // Ours come first: the first of two entries of a name is the one that programs see.
  std::vector<char*> envp;
  for (const std::string& entry : environment) envp.push_back(const_cast<char*>(entry.c_str()));
  for (char** entry = environ; *entry != nullptr; ++entry) envp.push_back(*entry);
  envp.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addchdir_np(&actions, where.c_str());
  pid_t child = 0;
  const int status = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  CommandResult result;
  if (status != 0) {
    result.err = "cannot start " + arguments[0];
    return result;
  }
  int ended = 0;
  while (::waitpid(child, &ended, 0) < 0) {
  }
  result.exit_code = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
  result.out = Env::posix().read_file(out);
  result.err = Env::posix().read_file(err);
  return result;
}

// The built command: run_rexbert({"plan", "--config", path}).
inline CommandResult run_rexbert(std::vector<std::string> arguments,
                                 const std::filesystem::path& directory = {},
                                 const std::vector<std::string>& environment = {}) {
  arguments.insert(arguments.begin(), REXBERT_BINARY_DIR "/bin/rexbert");
  return run_command(arguments, directory, environment);
}

}  // namespace rexbert::test
