#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/corpus/tokenize.h"
#include "rexbert/shard/shard.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::corpus {

inline constexpr int kJournalVersion = 1;

// A record's place in the inputs: the index of its file among all files, and its line (1-based).
struct Position {
  uint64_t file = 0;
  uint64_t line = 0;
  auto operator<=>(const Position&) const = default;
};

// The last of the documents that a holdout count takes, in order of (key, position).
struct HoldoutCut {
  uint64_t key = 0;
  Position position;
  auto operator<=>(const HoldoutCut&) const = default;
};

// What a journal says has been done.
struct JobState {
  struct Stream {
    std::vector<shard::ShardInfo> shards;
    std::vector<shard::StreamInfo::Shard> counts;  // parallel to shards
    Position last;  // of the last document in the shards; {0, 0}: none
  };
  struct FilesDone {
    uint64_t files = 0;  // all records before this file are in shards or in `pending`
    text::ReadCounts counts;
  };

  std::optional<HoldoutCut> holdout_cut;
  Stream streams[2];  // by Split
  std::vector<FilesDone> files_done;
  std::vector<Position> bad_lines;
  bool finished = false;
  text::ReadCounts counts;  // of the whole job, when finished

  bool made_nothing() const {
    return streams[0].shards.empty() && streams[1].shards.empty() && files_done.empty() &&
           bad_lines.empty() && !finished;
  }
};

struct ResumedJournal;

// The journal of one tokenize job: a text file, one record a line, appended and synced as the job
// goes on (docs/formats/tokenize-journal.md). Its bytes, too, are the same with and without
// interruptions.
class Journal {
 public:
  // Begins a journal. `job` holds "settings" and "inputs".
  static Journal create(Env& env, const fs::path& path, const Json& job,
                        const std::optional<HoldoutCut>& cut);
  // Continues one. A journal that was begun for another job is Error(kIncompatible), unless that
  // job was given up before it made anything: then the journal is removed, and nothing is returned.
  // A last record that was cut short is dropped; damage before it is Error(kCorrupt) with its
  // offset.
  static std::optional<ResumedJournal> resume(Env& env, const fs::path& path, const Json& job);

  // Reads without changing anything. `job` receives the job's description.
  static JobState read(Env& env, const fs::path& path, Json& job);

  // Not synced: bad lines are made durable with the shard or file that follows them.
  void add_bad_line(const Position& position, std::string_view reason);
  void add_shard(Split split, const shard::ShardInfo& info, const shard::StreamInfo::Shard& counts,
                 const Position& last);
  void add_files_done(const JobState::FilesDone& done);
  void sync() { file_->sync(); }
  void finish(const text::ReadCounts& counts);

 private:
  explicit Journal(std::unique_ptr<WritableFile> file) : file_(std::move(file)) {}
  void append(const Json& record, bool sync);

  std::unique_ptr<WritableFile> file_;
};

struct ResumedJournal {
  JobState state;
  std::optional<Journal> journal;  // nothing when the job is finished
};

// Throws Error(kIncompatible) naming the first setting or input in which two jobs differ; `but`,
// when not empty, names a setting that may differ.
void check_same_job(const std::string& source, const Json& begun, const Json& given,
                    std::string_view but = "");

// The bad lines of a journal as JSON lines {"file", "line", "reason"}.
std::string bad_lines_report(Env& env, const fs::path& journal);

}  // namespace rexbert::corpus
