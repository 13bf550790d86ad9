#include "rexbert/core/fault_env.h"

#include <algorithm>

#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert {
namespace {

[[noreturn]] void throw_injected(const fs::path& path, const char* what) {
  throw Error(ErrorCode::kIo, str_cat(path.string(), ": ", what, ": injected failure"));
}

// One spelling for each path: no "./", no slash at the end.
fs::path plain(const fs::path& path) {
  const fs::path normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

fs::path directory_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

bool lies_under(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
}

fs::path moved(const fs::path& path, const fs::path& from, const fs::path& to) {
  if (path == from) return to;
  return lies_under(path, from) ? to / path.lexically_relative(from) : path;
}

}  // namespace

class FaultInjectionFile final : public WritableFile {
 public:
  FaultInjectionFile(FaultInjectionEnv& env, fs::path path, std::unique_ptr<WritableFile> base,
                     uint64_t size)
      : env_(env), path_(std::move(path)), base_(std::move(base)), size_(size) {}

  void append(std::string_view data) override {
    if (env_.count_operation()) {
      base_->append(data.substr(0, data.size() / 2));
      base_->sync();  // out of its buffer; our record of what is durable stays
      throw_injected(path_, "cannot write");
    }
    base_->append(data);
    size_ += data.size();
  }
  void sync() override {
    env_.check(path_, "cannot sync");
    base_->sync();
    const std::scoped_lock lock(env_.mutex_);
    env_.synced_size_[path_] = size_;
  }
  void close() override {
    env_.check(path_, "cannot close");
    base_->close();
  }

 private:
  FaultInjectionEnv& env_;
  fs::path path_;
  std::unique_ptr<WritableFile> base_;
  uint64_t size_;
};

void FaultInjectionEnv::fail_after(int64_t count) {
  const std::scoped_lock lock(mutex_);
  operations_ = 0;
  fail_at_ = count;
}

int64_t FaultInjectionEnv::operations() const {
  const std::scoped_lock lock(mutex_);
  return operations_;
}

bool FaultInjectionEnv::count_operation() {
  const std::scoped_lock lock(mutex_);
  ++operations_;
  return fail_at_ > 0 && operations_ >= fail_at_;
}

void FaultInjectionEnv::check(const fs::path& path, const char* what) {
  if (count_operation()) throw_injected(path, what);
}

void FaultInjectionEnv::drop_unsynced() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [path, size] : synced_size_) {
    if (base_.exists(path) && base_.file_size(path) > size) base_.truncate_file(path, size);
  }
  for (size_t i = unsynced_names_.size(); i-- > 0;) {
    const NameChange change = unsynced_names_[i];
    if (change.from.empty()) {
      base_.remove_all(change.path);
      continue;
    }
    base_.rename(change.path, change.from);
    move_records(change.path, change.from, i);
    if (!change.replaced) continue;
    const auto file = base_.new_writable_file(change.path);
    file->append(*change.replaced);
    file->close();
  }
  synced_size_.clear();
  unsynced_names_.clear();
}

uint64_t FaultInjectionEnv::note_file(const fs::path& path, bool truncated) {
  const std::scoped_lock lock(mutex_);
  const bool is_new = !base_.exists(path);
  const uint64_t size = is_new || truncated ? 0 : base_.file_size(path);
  if (is_new) unsynced_names_.push_back({path, {}, {}});
  if (is_new || truncated) {
    synced_size_[path] = 0;
  } else {
    synced_size_.emplace(path, size);
  }
  return size;
}

std::unique_ptr<WritableFile> FaultInjectionEnv::new_writable_file(const fs::path& path) {
  check(path, "cannot create");
  const fs::path name = plain(path);
  const uint64_t size = note_file(name, true);
  return std::make_unique<FaultInjectionFile>(*this, name, base_.new_writable_file(path), size);
}

std::unique_ptr<WritableFile> FaultInjectionEnv::new_appendable_file(const fs::path& path) {
  check(path, "cannot create");
  const fs::path name = plain(path);
  const uint64_t size = note_file(name, false);
  return std::make_unique<FaultInjectionFile>(*this, name, base_.new_appendable_file(path), size);
}

void FaultInjectionEnv::create_directories(const fs::path& path) {
  check(path, "cannot create the directory");
  base_.create_directories(path);
}

void FaultInjectionEnv::rename(const fs::path& from, const fs::path& to) {
  check(from, "cannot rename");
  const std::scoped_lock lock(mutex_);
  const fs::path source = plain(from);
  const fs::path target = plain(to);
  std::optional<std::string> replaced;
  if (base_.exists(target) && !base_.is_directory(target)) replaced = base_.read_file(target);
  base_.rename(from, to);
  if (replaced) replaced = forget_replaced(target, std::move(*replaced));
  move_records(source, target, unsynced_names_.size());
  unsynced_names_.push_back({target, source, std::move(replaced)});
}

// What a power failure would bring back at `path`, now that another file took its name.
std::optional<std::string> FaultInjectionEnv::forget_replaced(const fs::path& path,
                                                              std::string contents) {
  std::optional<std::string> durable = std::move(contents);
  if (const auto size = synced_size_.find(path); size != synced_size_.end()) {
    durable->resize(std::min<uint64_t>(durable->size(), size->second));
    synced_size_.erase(size);
  }
  // The last change is the one that gave the file this name.
  const auto last = std::find_if(unsynced_names_.rbegin(), unsynced_names_.rend(),
                                 [&](const NameChange& change) { return change.path == path; });
  if (last != unsynced_names_.rend()) durable = std::move(last->replaced);
  std::erase_if(unsynced_names_, [&](const NameChange& change) { return change.path == path; });
  return durable;
}

void FaultInjectionEnv::move_records(const fs::path& from, const fs::path& to, size_t changes) {
  std::map<fs::path, uint64_t> sizes;
  for (const auto& [path, size] : synced_size_) sizes[moved(path, from, to)] = size;
  synced_size_ = std::move(sizes);
  for (size_t i = 0; i < changes; ++i) {
    NameChange& change = unsynced_names_[i];
    change.path = moved(change.path, from, to);
    if (!change.from.empty()) change.from = moved(change.from, from, to);
  }
}

void FaultInjectionEnv::remove_file(const fs::path& path) {
  check(path, "cannot remove");
  base_.remove_file(path);
  forget(plain(path));
}

void FaultInjectionEnv::remove_all(const fs::path& path) {
  check(path, "cannot remove");
  base_.remove_all(path);
  forget(plain(path));
}

void FaultInjectionEnv::forget(const fs::path& path) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(synced_size_, [&](const auto& entry) { return lies_under(entry.first, path); });
  std::erase_if(unsynced_names_,
                [&](const NameChange& change) { return lies_under(change.path, path); });
}

void FaultInjectionEnv::truncate_file(const fs::path& path, uint64_t size) {
  check(path, "cannot truncate");
  base_.truncate_file(path, size);
  const std::scoped_lock lock(mutex_);
  const auto synced = synced_size_.find(plain(path));
  if (synced != synced_size_.end()) synced->second = std::min(synced->second, size);
}

void FaultInjectionEnv::sync_directory(const fs::path& path) {
  check(path, "cannot sync the directory");
  base_.sync_directory(path);
  const std::scoped_lock lock(mutex_);
  std::erase_if(unsynced_names_, [directory = plain(path)](const NameChange& change) {
    return directory_of(change.path) == directory;
  });
}

}  // namespace rexbert
