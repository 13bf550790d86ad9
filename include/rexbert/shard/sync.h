#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "rexbert/core/clock.h"
#include "rexbert/core/env.h"
#include "rexbert/net/storage.h"

namespace rexbert::shard {

struct SyncReport {
  uint64_t copied = 0;   // shard files
  uint64_t skipped = 0;  // that were there already
  uint64_t bytes = 0;    // copied
};

struct SyncOptions {
  int32_t parallel = 8;  // files at the same time
  net::Options http = net::storage_options();
  // Called after each file with files done and all files, by one thread at a time.
  std::function<void(uint64_t, uint64_t)> progress = {};
};

// Makes the stream `to` the stream `from`; one of them is a folder and the other a URL. Files that
// are there already, by size and hash, are passed over, and partial ones gone on with. Index and
// sidecar come last; an old index of a folder goes first, so that nobody reads half of each.
//
// Files come from a URL with the index's hashes checked. Files go to s3:// (a URL by http takes
// none: Error(kUsage)); there, one of the same size and, where its ETag is an MD5, the same MD5
// counts as the same.
SyncReport sync_stream(Env& env, const std::string& from, const std::string& to,
                       const SyncOptions& options = {}, Clock& clock = Clock::steady());

}  // namespace rexbert::shard
