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

bool lies_under(const fs::path& path, const fs::path& directory) {
  const auto [end, rest] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return end == directory.end();
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
  for (const fs::path& path : unsynced_names_) base_.remove_all(path);
  synced_size_.clear();
  unsynced_names_.clear();
}

std::unique_ptr<WritableFile> FaultInjectionEnv::new_writable_file(const fs::path& path) {
  check(path, "cannot create");
  const bool is_new = !base_.exists(path);
  auto file = base_.new_writable_file(path);
  const std::scoped_lock lock(mutex_);
  synced_size_[path] = 0;
  if (is_new) unsynced_names_.insert(path);
  return std::make_unique<FaultInjectionFile>(*this, path, std::move(file), 0);
}

std::unique_ptr<WritableFile> FaultInjectionEnv::new_appendable_file(const fs::path& path) {
  check(path, "cannot create");
  const bool is_new = !base_.exists(path);
  const uint64_t size = is_new ? 0 : base_.file_size(path);
  auto file = base_.new_appendable_file(path);
  const std::scoped_lock lock(mutex_);
  synced_size_.emplace(path, size);
  if (is_new) unsynced_names_.insert(path);
  return std::make_unique<FaultInjectionFile>(*this, path, std::move(file), size);
}

std::unique_ptr<RandomAccessFile> FaultInjectionEnv::open_file(const fs::path& path) {
  return base_.open_file(path);
}
std::unique_ptr<MappedFile> FaultInjectionEnv::map_file(const fs::path& path) {
  return base_.map_file(path);
}
std::string FaultInjectionEnv::read_file(const fs::path& path) { return base_.read_file(path); }
bool FaultInjectionEnv::exists(const fs::path& path) { return base_.exists(path); }
bool FaultInjectionEnv::is_directory(const fs::path& path) { return base_.is_directory(path); }
uint64_t FaultInjectionEnv::file_size(const fs::path& path) { return base_.file_size(path); }
std::vector<std::string> FaultInjectionEnv::list_directory(const fs::path& path) {
  return base_.list_directory(path);
}
uint64_t FaultInjectionEnv::free_bytes(const fs::path& path) { return base_.free_bytes(path); }

void FaultInjectionEnv::create_directories(const fs::path& path) {
  check(path, "cannot create the directory");
  base_.create_directories(path);
}

void FaultInjectionEnv::rename(const fs::path& from, const fs::path& to) {
  check(from, "cannot rename");
  base_.rename(from, to);
  const std::scoped_lock lock(mutex_);
  const auto moved = [&](const fs::path& path) {
    return path == from ? to : to / path.lexically_relative(from);
  };
  std::map<fs::path, uint64_t> sizes;
  for (const auto& [path, size] : synced_size_) {
    sizes[lies_under(path, from) ? moved(path) : path] = size;
  }
  synced_size_ = std::move(sizes);
  std::set<fs::path> names;
  for (const fs::path& path : unsynced_names_) {
    names.insert(lies_under(path, from) ? moved(path) : path);
  }
  unsynced_names_ = std::move(names);
}

void FaultInjectionEnv::remove_file(const fs::path& path) {
  check(path, "cannot remove");
  base_.remove_file(path);
  const std::scoped_lock lock(mutex_);
  synced_size_.erase(path);
  unsynced_names_.erase(path);
}

void FaultInjectionEnv::remove_all(const fs::path& path) {
  check(path, "cannot remove");
  base_.remove_all(path);
  const std::scoped_lock lock(mutex_);
  std::erase_if(synced_size_, [&](const auto& entry) { return lies_under(entry.first, path); });
  std::erase_if(unsynced_names_, [&](const fs::path& name) { return lies_under(name, path); });
}

void FaultInjectionEnv::truncate_file(const fs::path& path, uint64_t size) {
  check(path, "cannot truncate");
  base_.truncate_file(path, size);
}

void FaultInjectionEnv::sync_directory(const fs::path& path) {
  check(path, "cannot sync the directory");
  base_.sync_directory(path);
  const std::scoped_lock lock(mutex_);
  std::erase_if(unsynced_names_, [&](const fs::path& name) { return name.parent_path() == path; });
}

}  // namespace rexbert
