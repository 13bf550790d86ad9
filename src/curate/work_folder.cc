#include "curate/work_folder.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr int kVersion = 1;
constexpr const char* kJournal = "journal.json";
constexpr const char* kLock = "lock";

bool is_own_file(const std::string& name) { return name == kLock || name.starts_with(kJournal); }

}  // namespace

WorkFolder::WorkFolder(Env& env, fs::path path, Json job)
    : env_(env), path_(std::move(path)), job_(std::move(job)) {
  env_.create_directories(path_);
  const std::vector<std::string> names = env_.list_directory(path_);
  if (!env_.exists(path_ / kJournal) && !std::all_of(names.begin(), names.end(), is_own_file)) {
    throw Error(ErrorCode::kUsage, path_.string() +
                                       ": expected a new folder or that of an earlier job, got one "
                                       "with other files and no journal");
  }
  lock_ = env_.try_lock(path_ / kLock);
  if (!lock_) throw Error(ErrorCode::kUsage, path_.string() + ": another process works in it");
  if (load()) return;
  // The journal first: with it, whatever lies there counts for nothing.
  save(Json::object());
  clear();
}

bool WorkFolder::load() {
  const fs::path path = path_ / kJournal;
  if (!env_.exists(path)) return false;
  const std::string source = path.string();
  const Json journal = parse_json(env_.read_file(path), source);
  if (json_get<int>(journal, "version", source) != kVersion) return false;
  if (json_get<Json>(journal, "job", source) != job_) return false;
  state_ = json_get<Json>(journal, "state", source);
  return true;
}

void WorkFolder::save(Json state) {
  const Json journal = {{"version", kVersion}, {"job", job_}, {"state", state}};
  publish_file(env_, path_ / kJournal, journal.dump(1) + "\n");
  state_ = std::move(state);
}

void WorkFolder::clear() {
  for (const std::string& name : env_.list_directory(path_)) {
    if (!is_own_file(name)) env_.remove_all(path_ / name);
  }
}

std::unique_ptr<WritableFile> resume_file(Env& env, const fs::path& path, uint64_t size) {
  if (size == 0) return env.new_writable_file(path);
  const uint64_t found = env.file_size(path);
  if (found < size) {
    throw Error(ErrorCode::kCorrupt, str_cat(path.string(), ": expected at least ", size,
                                             " bytes, as its journal says, got ", found));
  }
  env.truncate_file(path, size);
  return env.new_appendable_file(path);
}

Json describe_input(Env& env, const fs::path& path) {
  constexpr uint64_t kEndBytes = uint64_t{64} << 10;
  const auto file = env.open_file(path);
  const uint64_t size = file->size();
  std::string ends(std::min(size, 2 * kEndBytes), '\0');
  const size_t first = ends.size() / 2;
  file->read(0, first, ends.data());
  file->read(size - (ends.size() - first), ends.size() - first, ends.data() + first);
  return {{"path", path.string()}, {"size", size}, {"ends", hash64(ends)}};
}

}  // namespace rexbert::curate
