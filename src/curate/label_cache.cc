#include "curate/label_cache.h"

#include <map>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr const char* kFormat = "rexbert-label-cache";
constexpr int kVersion = 1;

Json with_spending(Json record, const Spending& spending) {
  record["prompt_tokens"] = spending.prompt_tokens;
  record["completion_tokens"] = spending.completion_tokens;
  record["cost"] = spending.cost;
  return record;
}

Spending spending_of(const Json& record, const std::string& where) {
  return {.prompt_tokens = json_get<uint64_t>(record, "prompt_tokens", where),
          .completion_tokens = json_get<uint64_t>(record, "completion_tokens", where),
          .cost = json_get<double>(record, "cost", where)};
}

std::vector<Label> labels_of(const Json& record, const std::string& where) {
  std::vector<Label> labels;
  for (const int label : json_get<std::vector<int>>(record, "labels", where)) {
    if (label != 0 && label != 1) throw_json_member(where, "labels", "expected 0 and 1 alone");
    labels.push_back(Label(label));
  }
  return labels;
}

void check_header(const Json& record, const std::string& where) {
  if (json_get<std::string>(record, "format", where) != kFormat) {
    throw Error(ErrorCode::kCorrupt, str_cat(where, ": expected format ", kFormat));
  }
  const int version = json_get<int>(record, "version", where);
  if (version != kVersion) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(where, ": expected version ", kVersion, ", got ", version));
  }
}

}  // namespace

LabelCache::LabelCache(Env& env, const fs::path& path) : path_(path.string()) {
  if (path.empty()) return;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  env.create_directories(folder);
  lock_ = env.try_lock(fs::path(path_ + ".lock"));
  if (!lock_)
    throw Error(ErrorCode::kIo, str_cat(path_, ": another process labels with this cache"));
  std::string contents = env.exists(path) ? env.read_file(path) : "";
  const size_t whole = contents.rfind('\n') + 1;  // 0 where there is no line end
  if (whole < contents.size()) {
    log::warning(str_cat(path_, ": offset ", whole, ": cut off ", contents.size() - whole,
                         " bytes of a record that was not written to its end"));
    env.truncate_file(path, whole);
    contents.resize(whole);
  }
  load(contents);
  file_ = env.new_appendable_file(path);
  if (contents.empty()) {
    append({{"format", kFormat}, {"version", kVersion}});
    env.sync_directory(folder);
  }
}

LabelCache::~LabelCache() = default;

void LabelCache::load(std::string_view contents) {
  std::map<std::string, Spending> open;
  uint64_t number = 0;
  for (const std::string_view line : split_lines(contents)) {
    const std::string where = str_cat(path_, ":", ++number);
    const Json record = parse_json(line, where);
    if (number == 1) {
      check_header(record, where);
    } else {
      load_record(record, where, open);
    }
  }
  for (const auto& [key, estimate] : open) spent_before_ += estimate;
}

void LabelCache::load_record(const Json& record, const std::string& where,
                             std::map<std::string, Spending>& open) {
  const auto kind = json_get<std::string>(record, "record", where);
  const auto key = json_get<std::string>(record, "key", where);
  const Spending spending = spending_of(record, where);
  if (kind == "asking") {
    // One that is still open was cut short by a kill.
    if (const auto earlier = open.find(key); earlier != open.end())
      spent_before_ += earlier->second;
    open[key] = spending;
    return;
  }
  open.erase(key);
  spent_before_ += spending;
  if (kind == "answer") {
    answers_[key].labels = labels_of(record, where);
  } else if (kind == "unreadable") {
    ++answers_[key].unreadable;
    answers_[key].problem = json_get<std::string>(record, "problem", where);
  } else if (kind != "lost") {
    throw_json_member(where, "record", "unknown kind " + str_quote(kind));
  }
}

CachedAnswer LabelCache::find(const std::string& key) const {
  const std::scoped_lock lock(mutex_);
  const auto found = answers_.find(key);
  return found == answers_.end() ? CachedAnswer() : found->second;
}

void LabelCache::append(const Json& record) {
  if (!file_) return;
  if (broken_) throw Error(ErrorCode::kIo, str_cat(path_, ": an earlier record was not written"));
  broken_ = true;
  file_->append(record.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  file_->sync();
  broken_ = false;
}

void LabelCache::asking(const std::string& key, const Spending& estimate) {
  const std::scoped_lock lock(mutex_);
  append(with_spending({{"record", "asking"}, {"key", key}}, estimate));
}

void LabelCache::answered(const std::string& key, const std::vector<Label>& labels,
                          const Spending& actual) {
  const std::scoped_lock lock(mutex_);
  std::vector<int> numbers;
  for (const Label label : labels) numbers.push_back(static_cast<int>(label));
  append(with_spending({{"record", "answer"}, {"key", key}, {"labels", numbers}}, actual));
  answers_[key].labels = labels;
}

void LabelCache::unreadable(const std::string& key, const std::string& problem,
                            const Spending& actual) {
  const std::scoped_lock lock(mutex_);
  append(with_spending({{"record", "unreadable"}, {"key", key}, {"problem", problem}}, actual));
  ++answers_[key].unreadable;
  answers_[key].problem = problem;
}

void LabelCache::lost(const std::string& key, const Spending& actual) {
  const std::scoped_lock lock(mutex_);
  append(with_spending({{"record", "lost"}, {"key", key}}, actual));
}

}  // namespace rexbert::curate
