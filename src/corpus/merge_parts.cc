#include <map>
#include <utility>

#include "corpus/job_layout.h"
#include "corpus/journal.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/corpus/tokenize.h"
#include "rexbert/shard/shard.h"

namespace rexbert::corpus {
namespace {

// The number of parts that the journals in `output` speak of.
int64_t count_parts(Env& env, const fs::path& output) {
  std::optional<Part> found;
  for (const std::string& name : env.list_directory(output)) {
    const std::optional<Part> part = part_of_journal(name);
    if (!part) continue;
    if (found && found->count != part->count) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(output.string(), ": expected parts of one number, got ",
                          part_name(*found), " and ", part_name(*part)));
    }
    found = part;
  }
  if (!found) {
    throw Error(ErrorCode::kNotFound,
                str_cat(output.string(), ": expected the parts of a job made ",
                        "with --part i/n, found none"));
  }
  return found->count;
}

StreamReport merge_split(Env& env, const fs::path& root, int64_t parts) {
  std::vector<std::string> names;
  std::vector<shard::StreamInfo> infos;
  for (int64_t i = 1; i <= parts; ++i) {
    names.push_back(part_name({i, parts}));
    auto info = shard::StreamInfo::load(env, root / names.back());
    if (!info) {
      throw Error(ErrorCode::kNotFound,
                  str_cat((root / names.back()).string(), ": expected a file ",
                          shard::kStreamInfoFile, ", found none"));
    }
    info->source["settings"].erase("part");
    infos.push_back(std::move(*info));
  }
  const shard::Index index = shard::Index::merge(env, root, names);
  const shard::StreamInfo merged = shard::StreamInfo::merge(infos, names);
  merged.save(env, root);
  index.save(env, root);
  return {root, merged.documents(), merged.tokens(), index.shards.size(), index.stored_bytes()};
}

}  // namespace

MergeReport merge_parts(Env& env, const fs::path& output) {
  MergeReport report;
  report.parts = count_parts(env, output);
  Json first;
  for (int64_t i = 1; i <= report.parts; ++i) {
    const Part part{i, report.parts};
    const fs::path journal = JobLayout(output, part, false).journal();
    if (!env.exists(journal)) {
      throw Error(ErrorCode::kNotFound,
                  str_cat(journal.string(), ": part ", i, "/", report.parts, " was not started"));
    }
    Json job;
    const JobState state = Journal::read(env, journal, job);
    if (!state.finished) {
      throw Error(ErrorCode::kNotFound, str_cat(journal.string(), ": part ", i, "/", report.parts,
                                                " is not finished; run it again to continue it"));
    }
    if (first.is_null()) first = job;
    check_same_job(journal.string(), first, job, "part");
    report.bad_lines += state.counts.bad;
  }
  const Json& settings = first.at("settings");
  const bool holdout = settings.at("holdout_share") != 0 || settings.at("holdout_at_least") != 0;
  const JobLayout layout(output, std::nullopt, holdout);
  report.streams.push_back(merge_split(env, layout.split_root(Split::kTrain), report.parts));
  if (holdout) {
    report.streams.push_back(merge_split(env, layout.split_root(Split::kValidation), report.parts));
  }
  return report;
}

}  // namespace rexbert::corpus
