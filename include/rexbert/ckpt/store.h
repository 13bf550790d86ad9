#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/ckpt/manifest.h"
#include "rexbert/core/env.h"

namespace rexbert::ckpt {

// The model folder that `path` means: a run directory stands for its newest whole checkpoint.
// Error(kNotFound) where there is none, Error(kCorrupt) for a checkpoint that is damaged.
fs::path resolve_checkpoint(Env& env, const fs::path& path);

// The step of a checkpoint's folder by its name, step-NNNNNNNNN; nothing for other names.
std::optional<int64_t> step_of(const std::string& name);

// Which checkpoints stay.
struct Retention {
  int64_t newest = 3;                      // this many newest stay, and
  std::function<bool(int64_t step)> keep;  // those for which this is true; may be empty
};

// The checkpoints of one run: folders step-NNNNNNNNN under one directory and the file `latest`,
// which holds the name of the newest whole one. A folder is written aside, hashed on its way into
// the manifest, synced, read back and compared, renamed, and only then named by `latest`; removal
// goes the other way, so that a reader never sees half a checkpoint under a valid name.
class CheckpointStore {
 public:
  CheckpointStore(Env& env, fs::path directory) : env_(env), directory_(std::move(directory)) {}

  Env& env() const { return env_; }
  const fs::path& directory() const { return directory_; }
  fs::path folder(int64_t step) const;
  // Steps of the folders that are there, ascending, whole or not.
  std::vector<int64_t> steps() const;

  // Lets `write` fill a fresh folder through the Env that it is given (each file synced by its
  // writer) and publishes it as the checkpoint of `step`, in the place of one that is there. Throws
  // Error(kCorrupt) when what was read back is not what was written.
  void publish(int64_t step, const Platform& platform,
               const std::function<void(Env& env, const fs::path& folder)>& write);

  struct Found {
    int64_t step;
    fs::path folder;
  };
  // The newest whole checkpoint; damaged ones are passed over with a warning that says what is
  // wrong.
  std::optional<Found> newest_valid() const;

  // Renames the folders of `step` and later steps, but for `kept`, to aside-step-NNNNNNNNN (and
  // -2, -3, ... where there is one) and returns the new names: a run that goes on from an earlier
  // checkpoint otherwise would find its own former future there. Nothing reads or removes them.
  std::vector<std::string> set_aside_from(int64_t step, const fs::path& kept);

  // Removes what `retention` does not keep, the newest never, and leftovers of killed writers.
  void prune(const Retention& retention);

 private:
  void point_latest_to(const fs::path& folder);
  void remove(const fs::path& folder);

  Env& env_;
  fs::path directory_;
};

}  // namespace rexbert::ckpt
