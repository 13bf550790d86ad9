#include "curate/stage_folder.h"

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr const char* kSettings = "settings.json";

// "key: expected A, got B" of the first difference, keys in order.
std::string first_difference(const Json& old, const Json& now, const std::string& path) {
  if (!old.is_object() || !now.is_object()) {
    return str_cat(path, ": begun with ", old.dump(), ", now ", now.dump());
  }
  Json all = old;
  all.update(now);
  for (const auto& [key, unused] : all.items()) {
    const Json a = old.value(key, Json());
    const Json b = now.value(key, Json());
    if (a != b) return first_difference(a, b, path.empty() ? key : path + "." + key);
  }
  return path;
}

}  // namespace

StageFolder::StageFolder(Env& env, const fs::path& path, const Json& settings,
                         const std::string& writer)
    : env_(env), path_(path) {
  env.create_directories(path);
  const fs::path file = path / kSettings;
  if (!env.exists(file)) {
    PublishedFile published(env, file, writer);
    published.append(settings.dump(1) + "\n");
    published.publish();
    return;
  }
  const Json begun = parse_json(env.read_file(file), file.string());
  if (begun == settings) return;
  throw Error(ErrorCode::kIncompatible,
              str_cat(file.string(), ": ", first_difference(begun, settings, ""),
                      "; remove the folder to do the stage and those behind it anew"));
}

bool StageFolder::is_done(const std::string& item) const {
  return env_.exists(path_ / (item + ".json"));
}

Json StageFolder::result(const std::string& item) const {
  const fs::path file = path_ / (item + ".json");
  return parse_json(env_.read_file(file), file.string());
}

void StageFolder::finish(const std::string& item, const Json& result) {
  publish_file(env_, path_ / (item + ".json"), result.dump(1) + "\n");
}

std::unique_ptr<FileLock> StageFolder::try_lock() { return env_.try_lock(path_ / "lock"); }

PublishedFile::PublishedFile(Env& env, fs::path path, const std::string& writer)
    : env_(env), path_(std::move(path)), aside_(path_.string() + writer + ".tmp") {
  file_ = env_.new_writable_file(aside_);
}

void PublishedFile::publish() {
  // A compressed file without any frame could not be read.
  if (empty_ && path_.extension() == ".zst") file_->append(zstd_frame(""));
  file_->sync();
  file_->close();
  env_.rename(aside_, path_);
  env_.sync_directory(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

std::string zstd_frame(std::string_view text) { return compress({Compression::kZstd, 3}, text); }

std::string file_name_of(std::string_view name) {
  std::string out;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || (c == '.' && !out.empty());
    out += plain ? std::string(1, c) : str_printf("%%%02X", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace rexbert::curate
