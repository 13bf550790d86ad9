#include "rexbert/net/web_env.h"

#include <algorithm>
#include <cstring>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::net {
namespace {

class InMemory final : public MappedFile {
 public:
  explicit InMemory(std::string data) : data_(std::move(data)) {}
  std::string_view data() const override { return data_; }

 private:
  std::string data_;
};

}  // namespace

// One window of the resource is held at a time.
class WebEnv::File final : public RandomAccessFile {
 public:
  File(Storage& storage, std::string url, ObjectInfo object, uint64_t read_ahead)
      : storage_(storage),
        url_(std::move(url)),
        object_(std::move(object)),
        read_ahead_(read_ahead) {}

  uint64_t size() const override { return object_.size; }

  void read(uint64_t offset, size_t length, char* out) const override {
    const std::scoped_lock lock(mutex_);
    while (length > 0) {
      if (offset < begin_ || offset >= begin_ + window_.size()) fetch(offset);
      const size_t at = offset - begin_;
      const size_t count = std::min(length, window_.size() - at);
      std::memcpy(out, window_.data() + at, count);
      out += count;
      offset += count;
      length -= count;
    }
  }

 private:
  void fetch(uint64_t offset) const {
    const uint64_t end = std::min(object_.size, offset + read_ahead_);
    if (offset >= end) {
      throw Error(ErrorCode::kCorrupt, str_cat(url_, ": expected data at offset ", offset,
                                               ", got the end at ", object_.size));
    }
    window_ = storage_.read_part(url_, offset, end - offset, object_.version).data;
    begin_ = offset;
  }

  Storage& storage_;
  std::string url_;
  ObjectInfo object_;
  uint64_t read_ahead_;
  mutable std::mutex mutex_;
  mutable uint64_t begin_ = 0;  // of the window in the resource
  mutable std::string window_;
};

ObjectInfo WebEnv::look_up(const std::string& url) {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = objects_.find(url); found != objects_.end()) return found->second;
  }
  const auto object = storage_.look_up(url);
  if (!object) throw Error(ErrorCode::kNotFound, str_cat(url, ": no such object (status 404)"));
  const std::scoped_lock lock(mutex_);
  return objects_.emplace(url, *object).first->second;
}

std::unique_ptr<RandomAccessFile> WebEnv::open_file(const fs::path& path) {
  if (!is_url(path)) return base_.open_file(path);
  return std::make_unique<File>(storage_, path.string(), look_up(path.string()), read_ahead_);
}

std::unique_ptr<MappedFile> WebEnv::map_file(const fs::path& path) {
  if (!is_url(path)) return base_.map_file(path);
  return std::make_unique<InMemory>(read_file(path));
}

std::string WebEnv::read_file(const fs::path& path) {
  return is_url(path) ? storage_.read(path.string()) : base_.read_file(path);
}

bool WebEnv::exists(const fs::path& path) {
  if (!is_url(path)) return base_.exists(path);
  return storage_.look_up(path.string(), Forbidden::kIsAbsent).has_value();
}

bool WebEnv::is_directory(const fs::path& path) {
  return !is_url(path) && base_.is_directory(path);
}

uint64_t WebEnv::file_size(const fs::path& path) {
  return is_url(path) ? look_up(path.string()).size : base_.file_size(path);
}

}  // namespace rexbert::net
