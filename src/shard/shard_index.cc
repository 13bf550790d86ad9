#include "rexbert/shard/shard_index.h"

#include <algorithm>
#include <limits>
#include <set>

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/net/storage.h"
#include "rexbert/shard/value.h"
#include "shard/json_fields.h"

namespace rexbert::shard {
namespace {

constexpr int kVersion = 2;

void check_version(const Json& object, std::string_view source) {
  const auto version = json_get<Json>(object, "version", source);
  if (version != kVersion) {
    fail(source, str_cat("expected MDS version 2, got ", version.dump()), ErrorCode::kIncompatible);
  }
}

std::vector<std::string> get_strings(const Json& object, std::string_view key,
                                     std::string_view source) {
  return json_get<std::vector<std::string>>(object, key, source);
}

Json file_to_json(const FileInfo& file) {
  return {{"basename", file.basename}, {"bytes", file.bytes}, {"hashes", file.hashes}};
}

FileInfo file_from_json(const Json& json, std::string_view source) {
  check_keys(json, {"basename", "bytes", "hashes"}, source);
  FileInfo file;
  file.basename = json_get<std::string>(json, "basename", source);
  check_basename(file.basename, source);
  file.bytes = get_count(json, "bytes", source);
  file.hashes = json_get<std::map<std::string, std::string>>(json, "hashes", source);
  return file;
}

std::vector<Column> columns_from_json(const Json& json, std::string_view source) {
  const auto names = get_strings(json, "column_names", source);
  const auto encodings = get_strings(json, "column_encodings", source);
  const auto sizes = json_get<std::vector<Json>>(json, "column_sizes", source);
  if (encodings.size() != names.size() || sizes.size() != names.size()) {
    fail(source, str_cat("expected as many column_encodings and column_sizes as column_names (",
                         names.size(), "), got ", encodings.size(), " and ", sizes.size()));
  }
  std::vector<Column> columns;
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string where = str_cat(source, ": column ", str_quote(names[i]));
    if (i > 0 && names[i] <= names[i - 1]) {
      fail(where, "expected column_names sorted and each once");
    }
    const Encoding encoding = with_context(where, [&] { return Encoding::parse(encodings[i]); });
    const Json expected = encoding.size() ? Json(*encoding.size()) : Json();
    if (sizes[i] != expected) {
      fail(where, str_cat("expected size ", expected.dump(), " as encoding ",
                          str_quote(encodings[i]), " has, got ", sizes[i].dump()));
    }
    columns.push_back({names[i], encodings[i], encoding.size()});
  }
  return columns;
}

void check_hashes(const ShardInfo& info, std::string_view source) {
  const auto& known = hash_algorithms();
  for (const std::string& name : info.hashes) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      fail(source, str_cat("hashes: unknown algorithm ", str_quote(name)),
           ErrorCode::kIncompatible);
    }
  }
  const auto check_file = [&](const FileInfo& file) {
    for (const auto& [name, hex] : file.hashes) {
      if (std::find(info.hashes.begin(), info.hashes.end(), name) == info.hashes.end()) {
        fail(source, str_cat(file.basename, ": hash ", str_quote(name), " is not in hashes"));
      }
    }
  };
  check_file(info.raw_data);
  if (info.zip_data) check_file(*info.zip_data);
}

}  // namespace

void check_basename(std::string_view basename, std::string_view source) {
  bool safe = !basename.empty() && basename.find('\0') == std::string_view::npos;
  for (const std::string& part : str_split(basename, '/')) {
    if (part.empty() || part == "." || part == "..") safe = false;
  }
  if (!safe) {
    fail(source, str_cat("expected a file name inside the directory, got ", str_quote(basename)));
  }
}

Json shard_config(const ShardInfo& info) {
  Json names = Json::array();
  Json encodings = Json::array();
  Json sizes = Json::array();
  for (const Column& column : info.columns) {
    names.push_back(column.name);
    encodings.push_back(column.encoding);
    sizes.push_back(column.size ? Json(*column.size) : Json());
  }
  return {{"version", kVersion},
          {"format", "mds"},
          {"column_names", names},
          {"column_encodings", encodings},
          {"column_sizes", sizes},
          {"compression", info.compression.empty() ? Json() : Json(info.compression)},
          {"hashes", info.hashes},
          {"size_limit", info.size_limit ? Json(*info.size_limit) : Json()}};
}

Json shard_info_to_json(const ShardInfo& info) {
  Json json = shard_config(info);
  json["samples"] = info.samples;
  json["raw_data"] = file_to_json(info.raw_data);
  json["zip_data"] = info.zip_data ? file_to_json(*info.zip_data) : Json();
  return json;
}

ShardInfo shard_info_from_json(const Json& json, std::string_view source) {
  if (!json.is_object()) fail(source, "expected an object");
  check_version(json, source);
  const auto format = json_get<std::string>(json, "format", source);
  if (format != "mds") {
    fail(source, str_cat("expected format \"mds\", got ", str_quote(format)),
         ErrorCode::kIncompatible);
  }
  check_keys(json,
             {"version", "format", "column_names", "column_encodings", "column_sizes",
              "compression", "hashes", "samples", "size_limit", "raw_data", "zip_data"},
             source);
  ShardInfo info;
  info.columns = columns_from_json(json, source);
  const auto compression = json_get<Json>(json, "compression", source);
  if (!compression.is_null()) info.compression = json_get<std::string>(json, "compression", source);
  with_context(str_cat(source, ": compression"), [&] { parse_compression(info.compression); });
  info.hashes = get_strings(json, "hashes", source);
  info.samples = get_count(json, "samples", source);
  info.size_limit = parse_size_limit(json_get<Json>(json, "size_limit", source), source);
  info.raw_data =
      file_from_json(json_get<Json>(json, "raw_data", source), str_cat(source, ": raw_data"));
  if (const auto zip = json_get<Json>(json, "zip_data", source); !zip.is_null()) {
    info.zip_data = file_from_json(zip, str_cat(source, ": zip_data"));
  }
  if (info.zip_data && info.compression.empty()) {
    fail(source, "expected zip_data null without compression");
  }
  check_hashes(info, source);
  if (info.raw_data.bytes > std::numeric_limits<uint32_t>::max()) {
    fail(source, str_cat("raw_data: expected a file below 4 GiB, got ", info.raw_data.bytes));
  }
  return info;
}

uint64_t Index::samples() const {
  uint64_t sum = 0;
  for (const ShardInfo& info : shards) sum += info.samples;
  return sum;
}

uint64_t Index::raw_bytes() const {
  uint64_t sum = 0;
  for (const ShardInfo& info : shards) sum += info.raw_data.bytes;
  return sum;
}

uint64_t Index::stored_bytes() const {
  uint64_t sum = 0;
  for (const ShardInfo& info : shards) sum += info.stored_bytes();
  return sum;
}

Index Index::load(Env& env, const fs::path& directory) {
  const fs::path path = directory / kIndexFile;
  // Why a URL cannot be read, only reading it says.
  if (!net::is_url(path) && !env.exists(path)) {
    throw Error(ErrorCode::kNotFound,
                str_cat(path.string(), ": no such file: ",
                        env.is_directory(directory)
                            ? "expected a finished stream of shards, whose index is written last"
                            : "the directory of the stream does not exist"));
  }
  return parse(env.read_file(path), path.string());
}

Index Index::parse(std::string_view text, std::string_view source) {
  const Json json = parse_json(text, source);
  if (!json.is_object()) fail(source, "expected an object");
  check_version(json, source);
  check_keys(json, {"version", "shards"}, source);
  Index index;
  const auto shards = json_get<Json>(json, "shards", source);
  if (!shards.is_array()) fail(source, "shards: expected a list");
  for (const Json& shard : shards) {
    const std::string where = str_cat(source, ": shards[", index.shards.size(), "]");
    index.shards.push_back(shard_info_from_json(shard, where));
  }
  return index;
}

std::string Index::dump() const {
  Json list = Json::array();
  for (const ShardInfo& info : shards) list.push_back(shard_info_to_json(info));
  return dump_python_json({{"version", kVersion}, {"shards", list}});
}

void Index::save(Env& env, const fs::path& directory) const {
  publish_file(env, directory / kIndexFile, dump());
}

Index Index::merge(Env& env, const fs::path& root, const std::vector<std::string>& partitions) {
  Index merged;
  for (const std::string& partition : partitions) {
    check_basename(partition, root.string());
    for (ShardInfo& info : load(env, root / partition).shards) {
      if (!merged.shards.empty() && info.columns != merged.shards[0].columns) {
        fail((root / partition / kIndexFile).string(),
             str_cat("expected the columns of ", partitions[0], ", got others"),
             ErrorCode::kIncompatible);
      }
      info.raw_data.basename = partition + "/" + info.raw_data.basename;
      if (info.zip_data) info.zip_data->basename = partition + "/" + info.zip_data->basename;
      merged.shards.push_back(std::move(info));
    }
  }
  return merged;
}

}  // namespace rexbert::shard
