#pragma once

#include <map>

#include "rexbert/ckpt/manifest.h"
#include "rexbert/core/env.h"

namespace rexbert::ckpt {

// Hashes what is written while it is written, so that the files can be held to it when they are
// read back.
class HashingEnv final : public EnvWrapper {
 public:
  using EnvWrapper::EnvWrapper;

  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override;
  // Throws Error(kInternal): what such a file held before has not been seen.
  std::unique_ptr<WritableFile> new_appendable_file(const fs::path& path) override;
  void rename(const fs::path& from, const fs::path& to) override;

  // The manifest of a folder whose files were all written through this Env; Error(kInternal) naming
  // a file that was not.
  Manifest manifest_of(const fs::path& folder, const Platform& platform);

 private:
  std::map<fs::path, Manifest::File> files_;  // of the closed ones
};

}  // namespace rexbert::ckpt
