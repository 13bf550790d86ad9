#include "shard/shard_files.h"

#include <algorithm>
#include <cstring>

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "shard/json_fields.h"

namespace rexbert::shard {
namespace {

// "column_names: expected [...], got [...]" for the first key that differs.
std::string config_difference(const Json& expected, const Json& got) {
  if (!got.is_object()) return "expected an object";
  for (const auto& [key, value] : expected.items()) {
    if (!got.contains(key)) return str_cat(key, ": missing");
    if (key == "size_limit" &&
        parse_size_limit(got[key], "header") == parse_size_limit(value, key)) {
      continue;
    }
    if (got[key] != value) {
      return str_cat(key, ": expected ", value.dump(), " as in the index, got ", got[key].dump());
    }
  }
  for (const auto& [key, value] : got.items()) {
    if (!expected.contains(key)) return str_cat("unknown key ", str_quote(key));
  }
  return "";
}

}  // namespace

void throw_at(std::string_view source, uint64_t offset, std::string_view problem) {
  throw Error(ErrorCode::kCorrupt, str_cat(source, ": offset ", offset, ": ", problem));
}

uint32_t load_u32(const char* at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

std::unique_ptr<MappedFile> map_shard_file(Env& env, const fs::path& directory,
                                           const FileInfo& file) {
  const fs::path path = directory / file.basename;
  auto mapped = env.map_file(path);
  const uint64_t size = mapped->data().size();
  if (size != file.bytes) {
    throw_at(path.string(), std::min(size, file.bytes),
             str_cat("expected ", file.bytes, " bytes, got ", size));
  }
  return mapped;
}

RawShard decompress_shard(std::string_view zip, const fs::path& directory, const ShardInfo& info) {
  const std::string path = (directory / info.zip_data->basename).string();
  RawShard raw;
  raw.source = path + " (decompressed)";
  raw.decompressed =
      decompress(parse_compression(info.compression).algorithm, zip, info.raw_data.bytes, path);
  return raw;
}

std::vector<std::string> hash_problems(std::string_view data, const FileInfo& file,
                                       std::string_view source) {
  std::vector<std::string> problems;
  for (const auto& [algorithm, expected] : file.hashes) {
    const std::string got = hash_hex(algorithm, data);
    if (got != expected) {
      problems.push_back(str_cat(source, ": offset 0: ", algorithm, " of ", data.size(),
                                 " bytes: expected ", expected, ", got ", got));
    }
  }
  return problems;
}

void check_sample_count(const ShardInfo& info, std::string_view source) {
  const uint64_t most = info.raw_data.bytes / 4;
  if (info.samples > most) {
    throw_at(source, info.raw_data.bytes,
             str_cat("expected at most ", most, " samples in ", info.raw_data.bytes, " bytes, got ",
                     info.samples, " in the index"));
  }
}

void check_offset_table(std::string_view head, const ShardInfo& info, std::string_view source) {
  const uint64_t samples = load_u32(head.data());
  if (samples != info.samples) {
    throw_at(source, 0, str_cat("expected ", info.samples, " samples, got ", samples));
  }
  uint32_t previous = static_cast<uint32_t>(offset_table_bytes(samples));
  for (uint64_t i = 0; i <= samples; ++i) {
    const uint32_t offset = load_u32(head.data() + 4 + 4 * i);
    if (offset < previous || offset > info.raw_data.bytes) {
      throw_at(source, 4 + 4 * i,
               str_cat("expected the offset of sample ", i, " within [", previous, ", ",
                       info.raw_data.bytes, "], got ", offset));
    }
    previous = offset;
  }
  if (previous != info.raw_data.bytes) {
    throw_at(source, 4 + 4 * samples,
             str_cat("expected the last offset to be the file's size ", info.raw_data.bytes,
                     ", got ", previous));
  }
}

void check_shard(std::string_view data, const ShardInfo& info, std::string_view source) {
  check_sample_count(info, source);
  const uint64_t table = offset_table_bytes(info.samples);
  if (data.size() < table) {
    throw_at(source, data.size(),
             str_cat("expected a header of at least ", table, " bytes for ", info.samples,
                     " samples, got ", data.size()));
  }
  check_offset_table(data, info, source);
  const std::string_view config = data.substr(table, load_u32(data.data() + 4) - table);
  const Json json = parse_json(config, str_cat(source, ": offset ", table, ": header"));
  const std::string difference = config_difference(shard_config(info), json);
  if (!difference.empty()) throw_at(source, table, str_cat("header: ", difference));
}

}  // namespace rexbert::shard
