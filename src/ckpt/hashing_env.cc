#include "ckpt/hashing_env.h"

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"

namespace rexbert::ckpt {
namespace {

class HashingFile final : public WritableFile {
 public:
  HashingFile(std::unique_ptr<WritableFile> base, Manifest::File& record)
      : base_(std::move(base)), hasher_(make_hasher(kManifestHash)), record_(record) {}

  void append(std::string_view data) override {
    hasher_->update(data);
    record_.bytes += data.size();
    base_->append(data);
  }
  void sync() override { base_->sync(); }
  void close() override {
    base_->close();
    record_.xxh3_128 = hasher_->hex_digest();
  }

 private:
  std::unique_ptr<WritableFile> base_;
  std::unique_ptr<Hasher> hasher_;
  Manifest::File& record_;
};

}  // namespace

std::unique_ptr<WritableFile> HashingEnv::new_writable_file(const fs::path& path) {
  Manifest::File& record = files_[path] = {};
  return std::make_unique<HashingFile>(base_.new_writable_file(path), record);
}

std::unique_ptr<WritableFile> HashingEnv::new_appendable_file(const fs::path& path) {
  throw Error(ErrorCode::kInternal, str_cat(path.string(), ": appended to in a checkpoint"));
}

void HashingEnv::rename(const fs::path& from, const fs::path& to) {
  base_.rename(from, to);
  if (auto moved = files_.extract(from)) {
    files_.erase(to);
    moved.key() = to;
    files_.insert(std::move(moved));
  }
}

Manifest HashingEnv::manifest_of(const fs::path& folder, const Platform& platform) {
  Manifest manifest;
  manifest.platform = platform;
  for (const std::string& name : base_.list_directory(folder)) {
    const auto found = files_.find(folder / name);
    if (found == files_.end() || found->second.xxh3_128.empty()) {
      throw Error(ErrorCode::kInternal,
                  str_cat((folder / name).string(), ": not written through the checkpoint's Env"));
    }
    manifest.files[name] = found->second;
  }
  return manifest;
}

}  // namespace rexbert::ckpt
