#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/net/storage.h"

namespace rexbert::train {

// Copies checkpoints to a bucket while training goes on: at `url`/step-NNNNNNNNN, files first, the
// manifest after them, and last the object `url`/latest, which names those that are there, the
// newest first. Nothing there is removed; a bucket has rules of its own for that. A checkpoint of a
// step that was there before is not named while it is written over, nor are later ones afterwards:
// the run that they belong to was given up.
//
// An upload that fails is a warning: the checkpoint lies on this machine, and the next one is
// copied again.
class CheckpointMirror {
 public:
  // Throws Error(kUsage) for anything but an s3:// URL.
  CheckpointMirror(Env& env, std::string url, net::Options http = net::storage_options(),
                   Clock& clock = Clock::steady());
  // Waits for the uploads.
  ~CheckpointMirror();
  CheckpointMirror(const CheckpointMirror&) = delete;
  CheckpointMirror& operator=(const CheckpointMirror&) = delete;

  // Copies this checkpoint soon. Of those that wait, only the newest is copied.
  void add(fs::path folder);
  // Whether this checkpoint waits to be copied or is being copied: it must stay until then.
  bool needs(const fs::path& folder) const;
  // Waits until nothing is to be copied.
  void finish();

 private:
  void run();
  void copy(const fs::path& folder);
  void write_names(const std::vector<std::string>& names);

  Env& env_;
  std::string url_;
  net::Storage storage_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<fs::path> waiting_, copying_;
  bool stopping_ = false;
  std::thread thread_;
};

// Makes the mirror name no checkpoint beyond this step, where the run goes on.
void rewind_mirror(const std::string& url, int64_t step,
                   const net::Options& http = net::storage_options(),
                   Clock& clock = Clock::steady());

// Fetches the newest checkpoint of a mirror into the run's folder of checkpoints, checked by its
// manifest; where that one is damaged or not there, the one before it. Nothing where the mirror
// holds none. Goes on with what an earlier call fetched. Throws what was wrong with the newest
// where none is whole, and what net::Storage throws.
std::optional<fs::path> restore_checkpoint(Env& env, const std::string& url,
                                           const fs::path& directory,
                                           const net::Options& http = net::storage_options(),
                                           Clock& clock = Clock::steady());

}  // namespace rexbert::train
