#include "rexbert/shard/stream_info.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "shard/json_fields.h"

namespace rexbert::shard {
namespace {

void check_total(const Json& json, std::string_view key, uint64_t sum, std::string_view source) {
  const uint64_t total = get_count(json, key, source);
  if (total != sum) {
    fail(source, str_cat(key, ": expected ", sum, " as the shards' counts add up to, got ", total));
  }
}

}  // namespace

uint64_t StreamInfo::documents() const {
  uint64_t sum = 0;
  for (const Shard& shard : shards) sum += shard.documents;
  return sum;
}

uint64_t StreamInfo::tokens() const {
  uint64_t sum = 0;
  for (const Shard& shard : shards) sum += shard.tokens;
  return sum;
}

std::optional<StreamInfo> StreamInfo::load(Env& env, const fs::path& directory) {
  const fs::path path = directory / kStreamInfoFile;
  if (!env.exists(path)) return std::nullopt;
  return parse(env.read_file(path), path.string());
}

StreamInfo StreamInfo::parse(std::string_view text, std::string_view source) {
  const Json json = parse_json(text, source);
  if (!json.is_object()) fail(source, "expected an object");
  const auto version = json_get<Json>(json, "version", source);
  if (version != kStreamInfoVersion) {
    fail(source, str_cat("expected version ", kStreamInfoVersion, ", got ", version.dump()),
         ErrorCode::kIncompatible);
  }
  check_keys(json,
             {"version", "tokenizer_fingerprint", "vocabulary_size", "wrapped", "documents",
              "tokens", "shards", "source"},
             source);
  StreamInfo info;
  info.tokenizer_fingerprint = json_get<std::string>(json, "tokenizer_fingerprint", source);
  const uint64_t vocabulary = get_count(json, "vocabulary_size", source);
  if (vocabulary == 0 || vocabulary >= uint64_t{1} << 31) {
    fail(source, str_cat("vocabulary_size: expected 1 to 2^31 - 1, got ", vocabulary));
  }
  info.vocabulary_size = static_cast<int32_t>(vocabulary);
  info.wrapped = json_get<bool>(json, "wrapped", source);
  info.source = json_get<Json>(json, "source", source);
  const auto shards = json_get<Json>(json, "shards", source);
  if (!shards.is_array()) fail(source, "shards: expected a list");
  for (const Json& shard : shards) {
    const std::string where = str_cat(source, ": shards[", info.shards.size(), "]");
    check_keys(shard, {"documents", "tokens"}, where);
    info.shards.push_back(
        {get_count(shard, "documents", where), get_count(shard, "tokens", where)});
  }
  check_total(json, "documents", info.documents(), source);
  check_total(json, "tokens", info.tokens(), source);
  return info;
}

std::string StreamInfo::dump() const {
  Json list = Json::array();
  for (const Shard& shard : shards) {
    list.push_back({{"documents", shard.documents}, {"tokens", shard.tokens}});
  }
  const Json json = {{"version", kStreamInfoVersion},
                     {"tokenizer_fingerprint", tokenizer_fingerprint},
                     {"vocabulary_size", vocabulary_size},
                     {"wrapped", wrapped},
                     {"documents", documents()},
                     {"tokens", tokens()},
                     {"shards", list},
                     {"source", source}};
  return json.dump(1) + "\n";
}

void StreamInfo::save(Env& env, const fs::path& directory) const {
  publish_file(env, directory / kStreamInfoFile, dump());
}

void StreamInfo::check_against(const Index& index, std::string_view where) const {
  if (shards.size() != index.shards.size()) {
    fail(where, str_cat("shards: expected ", index.shards.size(), " as in the index, got ",
                        shards.size()));
  }
  for (size_t i = 0; i < shards.size(); ++i) {
    if (shards[i].documents != index.shards[i].samples) {
      fail(where, str_cat("shards[", i, "]: documents: expected ", index.shards[i].samples,
                          " as in the index, got ", shards[i].documents));
    }
  }
}

StreamInfo StreamInfo::merge(const std::vector<StreamInfo>& parts,
                             const std::vector<std::string>& names) {
  StreamInfo merged = parts.at(0);
  for (size_t i = 1; i < parts.size(); ++i) {
    const StreamInfo& part = parts[i];
    const auto require = [&](std::string_view what, const auto& expected, const auto& got) {
      if (got == expected) return;
      fail(names.at(i), str_cat(what, ": expected ", expected, " as in ", names[0], ", got ", got),
           ErrorCode::kIncompatible);
    };
    require("tokenizer_fingerprint", merged.tokenizer_fingerprint, part.tokenizer_fingerprint);
    require("vocabulary_size", merged.vocabulary_size, part.vocabulary_size);
    require("wrapped", merged.wrapped, part.wrapped);
    merged.shards.insert(merged.shards.end(), part.shards.begin(), part.shards.end());
  }
  return merged;
}

}  // namespace rexbert::shard
