#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "curate/label_budget.h"
#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/curate/labeller.h"

namespace rexbert::curate {

// What was answered to a question so far.
struct CachedAnswer {
  std::vector<Label> labels = {};  // empty as long as no answer could be read
  uint32_t unreadable = 0;         // answers that could not
  std::string problem = {};        // of the last of these
};

// The answers to questions, each paid for once: a file that is only appended to
// (docs/formats/label-cache.md). Safe for many threads.
class LabelCache {
 public:
  // Creates the file where there is none, and cuts off a last line that is not whole. An empty path
  // keeps answers in memory only. Throws Error(kCorrupt) "path:line: ..." for a damaged file,
  // Error(kIo) when another process holds it.
  LabelCache(Env& env, const fs::path& path);
  ~LabelCache();

  CachedAnswer find(const std::string& key) const;
  // By the file as it was opened: what was paid, and what was reserved for requests of which
  // nothing more is known.
  const Spending& spent_before() const { return spent_before_; }

  // Each is on the disk when the call returns. After a write that failed all others fail.
  // About to ask; ended by one of the three below.
  void asking(const std::string& key, const Spending& estimate);
  void answered(const std::string& key, const std::vector<Label>& labels, const Spending& actual);
  void unreadable(const std::string& key, const std::string& problem, const Spending& actual);
  void lost(const std::string& key, const Spending& actual);

 private:
  void load(std::string_view contents);
  void load_record(const Json& record, const std::string& where,
                   std::map<std::string, Spending>& open);
  void append(const Json& record);

  const std::string path_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<WritableFile> file_;
  bool broken_ = false;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, CachedAnswer> answers_;
  Spending spent_before_;
};

}  // namespace rexbert::curate
