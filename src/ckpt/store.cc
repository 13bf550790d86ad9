#include "rexbert/ckpt/store.h"

#include <algorithm>

#include "ckpt/hashing_env.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"

namespace rexbert::ckpt {
namespace {

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kStaging = ".staging-";
constexpr std::string_view kRemoving = ".removing-";
constexpr std::string_view kAside = "aside-";
constexpr std::string_view kLatest = "latest";

}  // namespace

std::optional<int64_t> step_of(const std::string& name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const std::string digits = name.substr(kPrefix.size());
  if (digits.empty() || digits.size() > 18 ||
      digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  return std::stoll(digits);
}

fs::path resolve_checkpoint(Env& env, const fs::path& path) {
  if (!env.exists(path)) {
    throw Error(ErrorCode::kNotFound, str_cat(path.string(),
                                              ": no such folder; expected a run directory or a "
                                              "checkpoint folder"));
  }
  if (!env.exists(path / "checkpoints")) {
    if (env.exists(path / kManifestFile)) {
      if (const auto damage = find_damage(env, path)) {
        throw Error(ErrorCode::kCorrupt, str_cat(path.string(), ": ", *damage));
      }
    }
    return path;
  }
  const auto found = CheckpointStore(env, path / "checkpoints").newest_valid();
  if (!found) {
    throw Error(ErrorCode::kNotFound,
                str_cat(path.string(), ": no whole checkpoint in its checkpoints/"));
  }
  return found->folder;
}

fs::path CheckpointStore::folder(int64_t step) const {
  return directory_ / str_printf("step-%09lld", static_cast<long long>(step));
}

std::vector<int64_t> CheckpointStore::steps() const {
  std::vector<int64_t> found;
  if (!env_.exists(directory_)) return found;
  for (const std::string& name : env_.list_directory(directory_)) {
    if (const auto step = step_of(name)) found.push_back(*step);
  }
  std::sort(found.begin(), found.end());
  return found;
}

void CheckpointStore::publish(int64_t step, const Platform& platform,
                              const std::function<void(Env&, const fs::path&)>& write) {
  const fs::path target = folder(step);
  if (!env_.exists(directory_)) {
    env_.create_directories(directory_);
    env_.sync_directory(directory_.parent_path());
  }
  const fs::path staging = directory_ / str_cat(kStaging, target.filename().string());
  env_.remove_all(staging);
  env_.create_directories(staging);
  HashingEnv hashing(env_);
  write(hashing, staging);
  hashing.manifest_of(staging, platform).save(env_, staging);
  if (const auto damage = find_damage(env_, staging)) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(staging.string(), ": not what was written when read back: ", *damage));
  }
  const fs::path replaced = directory_ / str_cat(kRemoving, target.filename().string());
  if (env_.exists(target)) {
    env_.remove_all(replaced);
    env_.rename(target, replaced);
  }
  publish_directory(env_, staging, target);
  point_latest_to(target);
  env_.remove_all(replaced);
}

std::vector<std::string> CheckpointStore::set_aside_from(int64_t step, const fs::path& kept) {
  std::vector<std::string> names;
  for (const int64_t later : steps()) {
    const fs::path target = folder(later);
    if (later < step || fs::weakly_canonical(target) == fs::weakly_canonical(kept)) continue;
    const std::string name = str_cat(kAside, target.filename().string());
    std::string free = name;
    for (int number = 2; env_.exists(directory_ / free); ++number) {
      free = str_cat(name, "-", number);
    }
    env_.rename(target, directory_ / free);
    names.push_back(free);
  }
  if (!names.empty()) env_.sync_directory(directory_);
  return names;
}

void CheckpointStore::point_latest_to(const fs::path& target) {
  publish_file(env_, directory_ / kLatest, target.filename().string() + "\n");
}

std::optional<CheckpointStore::Found> CheckpointStore::newest_valid() const {
  const std::vector<int64_t> all = steps();
  for (auto step = all.rbegin(); step != all.rend(); ++step) {
    const fs::path candidate = folder(*step);
    const auto damage = find_damage(env_, candidate);
    if (!damage) return Found{*step, candidate};
    log::warning(str_cat(candidate.string(), " is damaged and passed over: ", *damage));
  }
  return std::nullopt;
}

void CheckpointStore::prune(const Retention& retention) {
  const std::vector<int64_t> all = steps();
  const auto newest = static_cast<size_t>(std::max<int64_t>(1, retention.newest));
  for (size_t i = 0; i + newest < all.size(); ++i) {
    if (retention.keep && retention.keep(all[i])) continue;
    remove(folder(all[i]));
  }
  for (const std::string& name : env_.list_directory(directory_)) {
    if (name.starts_with(kStaging) || name.starts_with(kRemoving)) {
      env_.remove_all(directory_ / name);
    }
  }
}

void CheckpointStore::remove(const fs::path& target) {
  const fs::path aside = directory_ / str_cat(kRemoving, target.filename().string());
  env_.remove_all(aside);
  env_.rename(target, aside);
  env_.sync_directory(directory_);
  env_.remove_all(aside);
}

}  // namespace rexbert::ckpt
