#include "rexbert/net/web_env.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::net {
namespace {

std::string version_of(const Response& response) {
  std::string_view version = response.header("etag");
  if (version.empty()) version = response.header("last-modified");
  return std::string(version);
}

bool is_missing(const Response& response) {
  return response.status == 404 || response.status == 410;
}

}  // namespace

bool is_url(const fs::path& path) {
  const std::string& text = path.native();
  return text.starts_with("http://") || text.starts_with("https://");
}

// One window of the resource is held at a time.
class WebEnv::File final : public RandomAccessFile {
 public:
  File(Client& client, std::string url, Resource resource, uint64_t read_ahead)
      : client_(client),
        url_(std::move(url)),
        resource_(std::move(resource)),
        read_ahead_(read_ahead) {}

  uint64_t size() const override { return resource_.size; }

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
    const uint64_t end = std::min(resource_.size, offset + read_ahead_);
    if (offset >= end) {
      throw Error(ErrorCode::kCorrupt, str_cat(url_, ": expected data at offset ", offset,
                                               ", got the end at ", resource_.size));
    }
    Response response = client_.fetch({.url = url_, .range = ByteRange{offset, end - offset}});
    if (version_of(response) != resource_.version || response.body.size() != end - offset) {
      throw Error(
          ErrorCode::kIo,
          str_cat(url_, ": expected ", end - offset, " bytes at offset ", offset, " of version ",
                  str_quote(resource_.version), ", got ", response.body.size(), " of ",
                  str_quote(version_of(response)), ": it changed while it was read"));
    }
    window_ = std::move(response.body);
    begin_ = offset;
  }

  Client& client_;
  std::string url_;
  Resource resource_;
  uint64_t read_ahead_;
  mutable std::mutex mutex_;
  mutable uint64_t begin_ = 0;  // of the window in the resource
  mutable std::string window_;
};

WebEnv::Resource WebEnv::look_up(const std::string& url) {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = resources_.find(url); found != resources_.end()) return found->second;
  }
  const Response response = client_.fetch({.method = Method::kHead, .url = url});
  const std::string_view length = response.header("content-length");
  Resource resource{0, version_of(response)};
  const auto parsed = std::from_chars(length.data(), length.data() + length.size(), resource.size);
  if (length.empty() || parsed.ec != std::errc{}) {
    throw Error(ErrorCode::kIo, str_cat(url,
                                        ": expected a Content-Length in the answer to HEAD, "
                                        "got ",
                                        length.empty() ? "none" : str_quote(length)));
  }
  const std::scoped_lock lock(mutex_);
  return resources_.emplace(url, resource).first->second;
}

std::unique_ptr<RandomAccessFile> WebEnv::open_file(const fs::path& path) {
  if (!is_url(path)) return base_.open_file(path);
  return std::make_unique<File>(client_, path.string(), look_up(path.string()), read_ahead_);
}

std::string WebEnv::read_file(const fs::path& path) {
  if (!is_url(path)) return base_.read_file(path);
  return client_.fetch({.url = path.string()}).body;
}

bool WebEnv::exists(const fs::path& path) {
  if (!is_url(path)) return base_.exists(path);
  const Request request = {.method = Method::kHead, .url = path.string()};
  const Response response = client_.send(request);
  if (!response.ok() && !is_missing(response)) throw status_error(request, response);
  return response.ok();
}

bool WebEnv::is_directory(const fs::path& path) {
  return !is_url(path) && base_.is_directory(path);
}

uint64_t WebEnv::file_size(const fs::path& path) {
  return is_url(path) ? look_up(path.string()).size : base_.file_size(path);
}

}  // namespace rexbert::net
