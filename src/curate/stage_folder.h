#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"

namespace rexbert::curate {

// The folder of one stage: its settings, and for every item that is done a file NAME.json of what
// became of it, published behind the item's other outputs.
class StageFolder {
 public:
  // Creates the folder, or checks that it was begun with the same settings: Error(kIncompatible)
  // naming the first that differs. `writer`: as of PublishedFile.
  StageFolder(Env& env, const fs::path& path, const Json& settings, const std::string& writer = "");

  fs::path operator/(const std::string& name) const { return path_ / name; }
  bool is_done(const std::string& item) const;
  Json result(const std::string& item) const;
  void finish(const std::string& item, const Json& result);
  // For what follows the last of several parts, which may all see that they are the last: null
  // where another process does it.
  std::unique_ptr<FileLock> try_lock();

 private:
  Env& env_;
  fs::path path_;
};

// A file that appears when it is whole: written aside, and for a name in .zst as zstd frames, one
// for each piece. `writer` names the process among those that may publish the file at the same
// time: each writes aside on its own, and the last one's stays.
class PublishedFile {
 public:
  PublishedFile(Env& env, fs::path path, const std::string& writer = "");
  // `piece` is compressed already, or plain, as the path's name says.
  void append(std::string_view piece) {
    file_->append(piece);
    empty_ = empty_ && piece.empty();
  }
  void publish();

 private:
  Env& env_;
  fs::path path_;
  fs::path aside_;
  std::unique_ptr<WritableFile> file_;
  bool empty_ = true;
};

// `text` as one zstd frame.
std::string zstd_frame(std::string_view text);

// A name as a file's: letters, digits, '-', '_' and '.' stay, other bytes become %XX.
std::string file_name_of(std::string_view name);

}  // namespace rexbert::curate
