#include "corpus/journal.h"

#include <functional>
#include <string>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"

namespace rexbert::corpus {
namespace {

constexpr size_t kHashDigits = 16;

std::string journal_line(const Json& record) {
  const std::string text = record.dump();
  return str_cat(str_printf("%016llx", static_cast<unsigned long long>(hash64(text))), " ", text,
                 "\n");
}

// The record's text when `line` (without its line end) is whole.
std::optional<std::string_view> checked_record(std::string_view line) {
  if (line.size() <= kHashDigits || line[kHashDigits] != ' ') return std::nullopt;
  const std::string_view text = line.substr(kHashDigits + 1);
  const std::string expected = str_printf("%016llx", static_cast<unsigned long long>(hash64(text)));
  if (line.substr(0, kHashDigits) != expected) return std::nullopt;
  return text;
}

// Calls `use` with each record and returns the bytes that they take; what follows is a record cut
// short.
size_t for_each_record(std::string_view contents, const std::string& source,
                       const std::function<void(const Json&, const std::string& where)>& use) {
  size_t begin = 0;
  std::optional<size_t> damaged;
  while (begin < contents.size()) {
    const size_t end = contents.find('\n', begin);
    const auto text = end == std::string_view::npos
                          ? std::nullopt
                          : checked_record(contents.substr(begin, end - begin));
    if (!text) {
      if (!damaged) damaged = begin;
    } else if (damaged) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat(source, ": offset ", *damaged, ": expected a record, got damaged bytes"));
    } else {
      const std::string where = str_cat(source, ": offset ", begin);
      use(parse_json(*text, where), where);
    }
    begin = end == std::string_view::npos ? contents.size() : end + 1;
  }
  return damaged.value_or(contents.size());
}

Json counts_to_json(const text::ReadCounts& counts) {
  return {{"documents", counts.documents},
          {"empty", counts.empty},
          {"bad", counts.bad},
          {"text_bytes", counts.text_bytes},
          {"file_bytes", counts.file_bytes}};
}

text::ReadCounts counts_from_json(const Json& json, const std::string& where) {
  text::ReadCounts counts;
  counts.documents = json_get<uint64_t>(json, "documents", where);
  counts.empty = json_get<uint64_t>(json, "empty", where);
  counts.bad = json_get<uint64_t>(json, "bad", where);
  counts.text_bytes = json_get<uint64_t>(json, "text_bytes", where);
  counts.file_bytes = json_get<uint64_t>(json, "file_bytes", where);
  return counts;
}

Position position_of(const Json& record, const std::string& where) {
  return {json_get<uint64_t>(record, "file", where), json_get<uint64_t>(record, "line", where)};
}

void add_shard_record(const Json& record, const std::string& where, JobState& state) {
  const auto name = json_get<std::string>(record, "split", where);
  if (name != "train" && name != "validation") {
    throw_json_member(where, "split", "expected \"train\" or \"validation\"");
  }
  JobState::Stream& stream = state.streams[name == "train" ? 0 : 1];
  stream.shards.push_back(
      shard::shard_info_from_json(json_get<Json>(record, "info", where), where));
  stream.counts.push_back({json_get<uint64_t>(record, "documents", where),
                           json_get<uint64_t>(record, "tokens", where)});
  stream.last = position_of(record, where);
}

void check_version(const Json& job, const std::string& where) {
  const auto version = json_get<int64_t>(job, "version", where);
  if (version == kJournalVersion) return;
  throw Error(ErrorCode::kIncompatible, str_cat(where, ": expected a journal of version ",
                                                kJournalVersion, ", got ", version));
}

void add_record(const Json& record, const std::string& where, JobState& state, Json& job) {
  const auto kind = json_get<std::string>(record, "record", where);
  if (job.is_null() != (kind == "job")) {
    throw_json_member(where, "record", "expected \"job\" first and once, got " + str_quote(kind));
  }
  if (kind == "job") {
    check_version(record, where);
    job = record;
    if (const Json cut = json_get<Json>(record, "holdout_cut", where); !cut.is_null()) {
      state.holdout_cut =
          HoldoutCut{json_get<uint64_t>(cut, "key", where), position_of(cut, where)};
    }
  } else if (kind == "bad") {
    state.bad_lines.push_back(position_of(record, where));
  } else if (kind == "shard") {
    add_shard_record(record, where, state);
  } else if (kind == "files") {
    state.files_done.push_back({json_get<uint64_t>(record, "files", where),
                                counts_from_json(json_get<Json>(record, "counts", where), where)});
  } else if (kind == "finished") {
    state.finished = true;
    state.counts = counts_from_json(json_get<Json>(record, "counts", where), where);
  } else {
    throw_json_member(where, "record", "unknown kind " + str_quote(kind));
  }
}

// The records of `contents`; returns the bytes that they take.
size_t parse_journal(std::string_view contents, const std::string& source, JobState& state,
                     Json& job) {
  const size_t size = for_each_record(
      contents, source,
      [&](const Json& record, const std::string& where) { add_record(record, where, state, job); });
  if (job.is_null()) {
    throw Error(ErrorCode::kCorrupt, str_cat(source, ": expected a journal, got ", contents.size(),
                                             " bytes without a record"));
  }
  return size;
}

[[noreturn]] void throw_other_job(const std::string& source, const std::string& what,
                                  const Json& begun, const Json& given) {
  throw Error(
      ErrorCode::kIncompatible,
      str_cat(source, ": this output was begun with ", what, " ", begun.dump(), ", now it is ",
              given.dump(), "; go on with the same, or choose another output folder"));
}

}  // namespace

void check_same_job(const std::string& source, const Json& begun, const Json& given,
                    std::string_view but) {
  for (const auto& [key, value] : given.at("settings").items()) {
    const Json before = begun.at("settings").value(key, Json());
    if (before != value && key != but) throw_other_job(source, key, before, value);
  }
  const Json& inputs = given.at("inputs");
  const Json& inputs_before = begun.at("inputs");
  if (inputs.size() != inputs_before.size()) {
    throw_other_job(source, "a number of input files of", inputs_before.size(), inputs.size());
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i] == inputs_before[i]) continue;
    throw_other_job(source, str_cat("input file ", i), inputs_before[i], inputs[i]);
  }
}

Journal Journal::create(Env& env, const fs::path& path, const Json& job,
                        const std::optional<HoldoutCut>& cut) {
  Json record = job;
  record["record"] = "job";
  record["version"] = kJournalVersion;
  record["holdout_cut"] =
      cut ? Json{{"key", cut->key}, {"file", cut->position.file}, {"line", cut->position.line}}
          : Json();
  publish_file(env, path, journal_line(record));
  return Journal(env.new_appendable_file(path));
}

std::optional<ResumedJournal> Journal::resume(Env& env, const fs::path& path, const Json& job) {
  const std::string contents = env.read_file(path);
  ResumedJournal resumed;
  Json begun;
  const size_t size = parse_journal(contents, path.string(), resumed.state, begun);
  const bool same =
      begun.at("settings") == job.at("settings") && begun.at("inputs") == job.at("inputs");
  if (!same && resumed.state.made_nothing()) {
    env.remove_file(path);
    return std::nullopt;
  }
  check_same_job(path.string(), begun, job);
  if (resumed.state.finished) return resumed;
  if (size < contents.size()) env.truncate_file(path, size);
  resumed.journal = Journal(env.new_appendable_file(path));
  return resumed;
}

JobState Journal::read(Env& env, const fs::path& path, Json& job) {
  JobState state;
  parse_journal(env.read_file(path), path.string(), state, job);
  return state;
}

void Journal::append(const Json& record, bool sync) {
  file_->append(journal_line(record));
  if (sync) file_->sync();
}

void Journal::add_bad_line(const Position& position, std::string_view reason) {
  append({{"record", "bad"}, {"file", position.file}, {"line", position.line}, {"reason", reason}},
         false);
}

void Journal::add_shard(Split split, const shard::ShardInfo& info,
                        const shard::StreamInfo::Shard& counts, const Position& last) {
  append({{"record", "shard"},
          {"split", split_name(split)},
          {"info", shard::shard_info_to_json(info)},
          {"documents", counts.documents},
          {"tokens", counts.tokens},
          {"file", last.file},
          {"line", last.line}},
         true);
}

void Journal::add_files_done(const JobState::FilesDone& done) {
  append({{"record", "files"}, {"files", done.files}, {"counts", counts_to_json(done.counts)}},
         true);
}

void Journal::finish(const text::ReadCounts& counts) {
  append({{"record", "finished"}, {"counts", counts_to_json(counts)}}, true);
  file_->close();
}

std::string bad_lines_report(Env& env, const fs::path& journal) {
  std::string report;
  std::vector<std::string> files;
  for_each_record(env.read_file(journal), journal.string(),
                  [&](const Json& record, const std::string& where) {
                    if (record.at("record") == "job") {
                      for (const Json& input : record.at("inputs")) {
                        files.push_back(json_get<std::string>(input, "path", where));
                      }
                    }
                    if (record.at("record") != "bad") return;
                    const Json line = {{"file", files.at(record.at("file").get<size_t>())},
                                       {"line", record.at("line")},
                                       {"reason", record.at("reason")}};
                    report += line.dump() + "\n";
                  });
  return report;
}

}  // namespace rexbert::corpus
