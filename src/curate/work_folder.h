#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"

namespace rexbert::curate {

// A folder for what a job needs until it is done, with a journal of how far it is: journal.json,
// {"version", "job", "state"}. Locked while the object lives.
class WorkFolder {
 public:
  // Opens the folder of a job, which `job` describes completely. A folder of the same job keeps
  // its state; one of another job is emptied. Throws Error(kUsage) for a folder that holds
  // anything but a job, or that another process works in.
  WorkFolder(Env& env, fs::path path, Json job);

  Env& env() const { return env_; }
  fs::path operator/(const std::string& name) const { return path_ / name; }

  // An object; empty at the job's beginning.
  const Json& state() const { return state_; }
  // Publishes the journal with this state.
  void save(Json state);
  // Removes all files but the journal.
  void clear();

 private:
  bool load();

  Env& env_;
  fs::path path_;
  Json job_;
  Json state_ = Json::object();
  std::unique_ptr<FileLock> lock_;
};

// Opens a file of which `size` bytes are known to be durable, behind them; what lies there is cut
// off. Throws Error(kCorrupt) where the file is shorter.
std::unique_ptr<WritableFile> resume_file(Env& env, const fs::path& path, uint64_t size);

// What tells whether an input is still the same: {"path", "size", "ends"}, the last being a hash of
// its first and last 64 KiB.
Json describe_input(Env& env, const fs::path& path);

}  // namespace rexbert::curate
