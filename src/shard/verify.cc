#include <algorithm>
#include <memory>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/inspect.h"
#include "rexbert/shard/token_stream.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

// A shard with every sample damaged says so once, not half a million times.
constexpr size_t kProblemsPerShard = 20;

class ShardCheck {
 public:
  ShardCheck(Env& env, const fs::path& directory, const ShardInfo& info, VerifyReport& report)
      : env_(env), directory_(directory), info_(info), report_(report) {}

  // Tokens in the column of tokens, where the shard has one that can be read.
  std::optional<uint64_t> run() {
    attempt([&] { check_files(); });
    std::shared_ptr<const ShardReader> reader;
    if (found_ == 0) {
      attempt([&] { reader = ShardReader::open(env_, directory_, info_); });
    } else {
      // Known to be damaged: see whether the header says more.
      try {
        reader = ShardReader::open(env_, directory_, info_);
      } catch (const Error& error) {
        add_new(error.what());
      }
    }
    if (reader) check_samples(*reader);
    if (found_ > kProblemsPerShard) {
      report_.problems.push_back(str_cat((directory_ / info_.raw_data.basename).string(), ": and ",
                                         found_ - kProblemsPerShard, " more problems"));
    }
    return reader && found_ == 0 ? count_tokens(reader) : std::nullopt;
  }

 private:
  void add(std::string problem) {
    if (++found_ <= kProblemsPerShard) report_.problems.push_back(std::move(problem));
  }

  void add_new(const std::string& problem) {
    const auto& all = report_.problems;
    if (std::find(all.begin(), all.end(), problem) == all.end()) add(problem);
  }

  template <class Body>
  void attempt(Body&& body) {
    try {
      body();
    } catch (const Error& error) {
      add(error.what());
    }
  }

  void check_hashes(std::string_view data, const FileInfo& file, std::string_view source) {
    for (std::string& problem : hash_problems(data, file, source)) add(std::move(problem));
  }

  // Sizes and hashes of whichever of the two files are there; one must be.
  void check_files() {
    const fs::path raw_path = directory_ / info_.raw_data.basename;
    const bool has_zip = info_.zip_data && env_.exists(directory_ / info_.zip_data->basename);
    if (!has_zip || env_.exists(raw_path)) {
      attempt([&] {
        const auto raw = map_shard_file(env_, directory_, info_.raw_data);
        check_hashes(raw->data(), info_.raw_data, raw_path.string());
      });
    }
    if (!has_zip) return;
    const auto zip = map_shard_file(env_, directory_, *info_.zip_data);
    check_hashes(zip->data(), *info_.zip_data, (directory_ / info_.zip_data->basename).string());
    const RawShard raw = decompress_shard(zip->data(), directory_, info_);
    check_hashes(raw.data(), info_.raw_data, raw.source);
  }

  void check_samples(const ShardReader& reader) {
    report_.bytes += reader.data().size();
    for (uint64_t sample = 0; sample < reader.samples(); ++sample) {
      const size_t before = found_;
      for (size_t column = 0; column < reader.columns() && found_ == before; ++column) {
        attempt([&] { reader.value(sample, column); });
      }
      if (found_ == before) ++report_.samples;
    }
  }

  std::optional<uint64_t> count_tokens(const std::shared_ptr<const ShardReader>& reader) {
    try {
      return TokenShard(reader, TokenColumn{}).tokens();
    } catch (const Error&) {
      return std::nullopt;  // a stream of something else
    }
  }

  Env& env_;
  const fs::path& directory_;
  const ShardInfo& info_;
  VerifyReport& report_;
  size_t found_ = 0;
};

void check_sidecar_tokens(const std::optional<StreamInfo>& info, size_t shard,
                          std::optional<uint64_t> tokens, const fs::path& directory,
                          VerifyReport& report) {
  if (!info || !tokens || shard >= info->shards.size()) return;
  if (info->shards[shard].tokens == *tokens) return;
  report.problems.push_back(str_cat((directory / kStreamInfoFile).string(), ": shards[", shard,
                                    "]: tokens: expected ", *tokens, " as in the shard, got ",
                                    info->shards[shard].tokens));
}

}  // namespace

VerifyReport verify_stream(Env& env, const fs::path& directory,
                           const std::function<void(uint64_t, uint64_t)>& progress) {
  VerifyReport report;
  Index index;
  std::optional<StreamInfo> info;
  try {
    index = Index::load(env, directory);
    info = StreamInfo::load(env, directory);
    if (info) info->check_against(index, (directory / kStreamInfoFile).string());
  } catch (const Error& error) {
    // A stream that cannot be read at all is no finding about it.
    const ErrorCode code = error.code();
    const bool unread =
        code == ErrorCode::kNotFound || code == ErrorCode::kIo || code == ErrorCode::kUsage;
    if (unread) throw;
    report.problems.emplace_back(error.what());
  }
  uint64_t tokens = 0;
  bool all_tokens = !index.shards.empty();
  for (const ShardInfo& shard : index.shards) {
    const auto counted = ShardCheck(env, directory, shard, report).run();
    check_sidecar_tokens(info, report.shards, counted, directory, report);
    tokens += counted.value_or(0);
    all_tokens = all_tokens && counted.has_value();
    ++report.shards;
    if (progress) progress(report.shards, index.shards.size());
  }
  if (all_tokens) report.tokens = tokens;
  return report;
}

}  // namespace rexbert::shard
