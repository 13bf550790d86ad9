#include "rexbert/core/env.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert {
namespace {

[[noreturn]] void throw_errno(const fs::path& path, const char* what, int number = errno) {
  const ErrorCode code =
      number == ENOENT || number == ENOTDIR ? ErrorCode::kNotFound : ErrorCode::kIo;
  throw Error(code, str_cat(path.string(), ": ", what, ": ", std::strerror(number)));
}

[[noreturn]] void throw_fs(const fs::path& path, const char* what, const std::error_code& error) {
  throw_errno(path, what, error.value());
}

class FileDescriptor {
 public:
  FileDescriptor(const fs::path& path, int flags, const char* what)
      : number_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (number_ < 0) throw_errno(path, what);
  }
  ~FileDescriptor() {
    if (number_ >= 0) ::close(number_);
  }
  FileDescriptor(FileDescriptor&& other) noexcept : number_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  int number() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

uint64_t size_of(const FileDescriptor& file, const fs::path& path) {
  struct stat info{};
  if (::fstat(file.number(), &info) != 0) throw_errno(path, "cannot read its size");
  if (S_ISDIR(info.st_mode)) throw_errno(path, "cannot read", EISDIR);
  return static_cast<uint64_t>(info.st_size);
}

class PosixWritableFile final : public WritableFile {
 public:
  PosixWritableFile(const fs::path& path, int flags)
      : path_(path), file_(path, O_WRONLY | O_CREAT | flags, "cannot create") {
    buffer_.reserve(kBufferSize);
  }

  void append(std::string_view data) override {
    if (buffer_.size() + data.size() <= kBufferSize) {
      buffer_.append(data);
      return;
    }
    flush();
    if (data.size() >= kBufferSize) {
      write(data);
    } else {
      buffer_.append(data);
    }
  }

  void sync() override {
    flush();
    if (::fsync(file_.number()) != 0) throw_errno(path_, "cannot sync");
  }

  void close() override {
    flush();
    if (::close(file_.release()) != 0) throw_errno(path_, "cannot close");
  }

 private:
  static constexpr size_t kBufferSize = 1 << 18;

  void flush() {
    write(buffer_);
    buffer_.clear();
  }

  void write(std::string_view data) {
    while (!data.empty()) {
      const ssize_t written = ::write(file_.number(), data.data(), data.size());
      if (written < 0) {
        if (errno == EINTR) continue;
        throw_errno(path_, "cannot write");
      }
      data.remove_prefix(static_cast<size_t>(written));
    }
  }

  fs::path path_;
  FileDescriptor file_;
  std::string buffer_;
};

class PosixRandomAccessFile final : public RandomAccessFile {
 public:
  explicit PosixRandomAccessFile(const fs::path& path)
      : path_(path), file_(path, O_RDONLY, "cannot open"), size_(size_of(file_, path)) {}

  uint64_t size() const override { return size_; }

  void read(uint64_t offset, size_t length, char* out) const override {
    size_t done = 0;
    while (done < length) {
      const ssize_t got =
          ::pread(file_.number(), out + done, length - done, static_cast<off_t>(offset + done));
      if (got < 0) {
        if (errno == EINTR) continue;
        throw_errno(path_, "cannot read");
      }
      if (got == 0) {
        throw Error(ErrorCode::kCorrupt, str_cat(path_.string(), ": offset ", offset, ": expected ",
                                                 length, " bytes, got ", done));
      }
      done += static_cast<size_t>(got);
    }
  }

 private:
  fs::path path_;
  FileDescriptor file_;
  uint64_t size_;
};

class PosixMappedFile final : public MappedFile {
 public:
  explicit PosixMappedFile(const fs::path& path) {
    const FileDescriptor file(path, O_RDONLY, "cannot open");
    size_ = size_of(file, path);
    if (size_ == 0) return;
    address_ = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.number(), 0);
    if (address_ == MAP_FAILED) throw_errno(path, "cannot map");
  }
  ~PosixMappedFile() override {
    if (size_ > 0) ::munmap(address_, size_);
  }
  std::string_view data() const override {
    return size_ == 0 ? std::string_view() : std::string_view(static_cast<char*>(address_), size_);
  }

 private:
  void* address_ = nullptr;
  size_t size_ = 0;
};

class PosixFileLock final : public FileLock {
 public:
  explicit PosixFileLock(FileDescriptor file) : file_(std::move(file)) {}

 private:
  FileDescriptor file_;  // closing it gives the lock back
};

class PosixEnv final : public Env {
 public:
  std::unique_ptr<WritableFile> new_writable_file(const fs::path& path) override {
    return std::make_unique<PosixWritableFile>(path, O_TRUNC);
  }
  std::unique_ptr<WritableFile> new_appendable_file(const fs::path& path) override {
    return std::make_unique<PosixWritableFile>(path, O_APPEND);
  }
  std::unique_ptr<RandomAccessFile> open_file(const fs::path& path) override {
    return std::make_unique<PosixRandomAccessFile>(path);
  }
  std::unique_ptr<MappedFile> map_file(const fs::path& path) override {
    return std::make_unique<PosixMappedFile>(path);
  }

  std::string read_file(const fs::path& path) override {
    const FileDescriptor file(path, O_RDONLY, "cannot open");
    std::string contents;
    size_t filled = 0;
    contents.resize(size_of(file, path) + 1);
    while (true) {
      const ssize_t got = ::read(file.number(), contents.data() + filled, contents.size() - filled);
      if (got < 0) {
        if (errno == EINTR) continue;
        throw_errno(path, "cannot read");
      }
      if (got == 0) break;
      filled += static_cast<size_t>(got);
      if (filled == contents.size()) contents.resize(contents.size() * 2);
    }
    contents.resize(filled);
    return contents;
  }

  bool exists(const fs::path& path) override { return fs::exists(status_of(path)); }
  bool is_directory(const fs::path& path) override { return fs::is_directory(status_of(path)); }

  uint64_t file_size(const fs::path& path) override {
    std::error_code error;
    const uint64_t size = fs::file_size(path, error);
    if (error) throw_fs(path, "cannot read its size", error);
    return size;
  }

  std::vector<std::string> list_directory(const fs::path& path) override {
    std::error_code error;
    std::vector<std::string> names;
    fs::directory_iterator entries(path, error);
    if (error) throw_fs(path, "cannot list", error);
    for (; entries != fs::directory_iterator(); entries.increment(error)) {
      if (error) throw_fs(path, "cannot list", error);
      names.push_back(entries->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  uint64_t free_bytes(const fs::path& path) override {
    std::error_code error;
    const fs::space_info space = fs::space(path, error);
    if (error) throw_fs(path, "cannot read its free space", error);
    return space.available;
  }

  void create_directories(const fs::path& path) override {
    std::error_code error;
    fs::create_directories(path, error);
    // ENOTDIR means here that a file lies in the way, not that something is missing.
    if (error == std::errc::not_a_directory) {
      throw Error(
          ErrorCode::kIo,
          str_cat(path.string(), ": cannot create the directory: ", std::strerror(error.value())));
    }
    if (error) throw_fs(path, "cannot create the directory", error);
  }

  void rename(const fs::path& from, const fs::path& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) {
      throw_errno(from, str_cat("cannot rename to ", to.string()).c_str());
    }
  }

  void remove_file(const fs::path& path) override {
    if (::unlink(path.c_str()) != 0) throw_errno(path, "cannot remove");
  }

  void remove_all(const fs::path& path) override {
    std::error_code error;
    fs::remove_all(path, error);
    if (error) throw_fs(path, "cannot remove", error);
  }

  void truncate_file(const fs::path& path, uint64_t size) override {
    if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) {
      throw_errno(path, "cannot truncate");
    }
  }

  void sync_directory(const fs::path& path) override {
    const FileDescriptor directory(path, O_RDONLY | O_DIRECTORY, "cannot open the directory");
    // Some file systems do not support it and say EINVAL; there is nothing more to do there.
    if (::fsync(directory.number()) != 0 && errno != EINVAL) {
      throw_errno(path, "cannot sync the directory");
    }
  }

  std::unique_ptr<FileLock> try_lock(const fs::path& path) override {
    FileDescriptor file(path, O_RDWR | O_CREAT, "cannot open");
    if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) {
      return std::make_unique<PosixFileLock>(std::move(file));
    }
    if (errno != EWOULDBLOCK) throw_errno(path, "cannot lock");
    return nullptr;
  }

 private:
  static fs::file_status status_of(const fs::path& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::none) throw_fs(path, "cannot look at it", error);
    return status;
  }
};

fs::path parent_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

}  // namespace

Env& Env::posix() {
  static PosixEnv env;
  return env;
}

void write_synced_file(Env& env, const fs::path& path, std::string_view contents) {
  const auto file = env.new_writable_file(path);
  file->append(contents);
  file->sync();
  file->close();
}

void publish_file(Env& env, const fs::path& path, std::string_view contents) {
  const fs::path aside = path.string() + ".tmp";
  write_synced_file(env, aside, contents);
  env.rename(aside, path);
  env.sync_directory(parent_of(path));
}

void publish_directory(Env& env, const fs::path& staging, const fs::path& path) {
  if (env.exists(path)) {
    throw Error(ErrorCode::kIo, str_cat(path.string(), ": already exists; not replaced"));
  }
  env.sync_directory(staging);
  env.rename(staging, path);
  env.sync_directory(parent_of(path));
}

}  // namespace rexbert
