#include "rexbert/shard/writer.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/shard/reader.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

constexpr uint64_t kLargestShard = std::numeric_limits<uint32_t>::max();

[[noreturn]] void refuse(std::string_view problem) {
  throw Error(ErrorCode::kUsage, std::string(problem));
}

void append_u32(std::string& out, uint64_t value) {
  const auto word = static_cast<uint32_t>(value);
  out.append(reinterpret_cast<const char*>(&word), sizeof(word));
}

// The columns' positions in the order of their names.
std::vector<size_t> order_by_name(const std::vector<Column>& columns) {
  std::vector<size_t> order(columns.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return columns[a].name < columns[b].name; });
  return order;
}

// The entry that all shards of these options share, without samples and files. Throws Error(kUsage)
// for options that cannot be written.
ShardInfo make_template(const WriterOptions& options) {
  if (options.columns.empty()) refuse("expected at least one column, got none");
  if (options.size_limit && (*options.size_limit == 0 || *options.size_limit > kLargestShard)) {
    refuse(
        str_cat("size_limit: expected 1 to ", kLargestShard, " bytes, got ", *options.size_limit));
  }
  for (size_t i = 0; i < options.hashes.size(); ++i) {
    make_hasher(options.hashes[i]);
    if (i > 0 && options.hashes[i] <= options.hashes[i - 1]) {
      refuse("hashes: expected sorted names, each once");
    }
  }
  parse_compression(options.compression);
  ShardInfo info;
  for (const size_t i : order_by_name(options.columns)) {
    Column column = options.columns[i];
    const std::string where = str_cat("column ", str_quote(column.name));
    if (!info.columns.empty() && info.columns.back().name == column.name) {
      refuse(str_cat(where, ": given twice"));
    }
    const Encoding encoding = with_context(where, [&] {
      Encoding parsed = Encoding::parse(column.encoding);
      parsed.check_codable();
      return parsed;
    });
    if (column.size && column.size != encoding.size()) {
      refuse(str_cat(where, ": size ", *column.size, " is not that of encoding ",
                     str_quote(column.encoding)));
    }
    column.size = encoding.size();
    info.columns.push_back(std::move(column));
  }
  info.compression = options.compression;
  info.hashes = options.hashes;
  info.size_limit = options.size_limit;
  return info;
}

void name_files(ShardInfo& info, size_t number) {
  info.raw_data.basename = str_printf("shard.%05zu.mds", number);
  if (!info.compression.empty()) {
    const auto algorithm = parse_compression(info.compression).algorithm;
    info.zip_data.emplace();
    info.zip_data->basename = str_cat(info.raw_data.basename, ".", compression_name(algorithm));
  }
}

void describe_file(FileInfo& file, std::string_view data, const std::vector<std::string>& hashes) {
  file.bytes = data.size();
  for (const std::string& algorithm : hashes) file.hashes[algorithm] = hash_hex(algorithm, data);
}

void check_finished(const ShardInfo& info, const ShardInfo& expected, size_t number) {
  ShardInfo named = expected;
  name_files(named, number);
  const bool same_files = info.raw_data.basename == named.raw_data.basename &&
                          info.zip_data.has_value() == named.zip_data.has_value() &&
                          (!info.zip_data || info.zip_data->basename == named.zip_data->basename);
  if (!same_files || shard_config(info) != shard_config(expected)) {
    throw Error(
        ErrorCode::kIncompatible,
        str_cat(info.raw_data.basename, ": expected shard ", number,
                " with the columns and options of this writer, got ", shard_config(info).dump()));
  }
}

}  // namespace

MdsWriter::MdsWriter(Env& env, fs::path directory, WriterOptions options,
                     std::vector<ShardInfo> finished)
    : env_(env),
      directory_(std::move(directory)),
      template_(with_context(directory_.string(), [&] { return make_template(options); })),
      compression_(parse_compression(options.compression)),
      value_of_(order_by_name(options.columns)),
      config_(dump_python_json(shard_config(template_))),
      shard_bytes_(empty_shard_bytes()),
      shards_(std::move(finished)) {
  for (const Column& column : template_.columns) {
    encodings_.push_back(Encoding::parse(column.encoding));
  }
  for (size_t i = 0; i < shards_.size(); ++i) {
    with_context(directory_.string(), [&] { check_finished(shards_[i], template_, i); });
  }
  if (env_.exists(directory_ / kIndexFile)) {
    throw Error(ErrorCode::kUsage, str_cat((directory_ / kIndexFile).string(),
                                           ": expected no finished stream here; remove the "
                                           "directory or choose another"));
  }
  env_.create_directories(directory_);
}

void MdsWriter::encode_sample(std::span<const Value> values) {
  if (values.size() != encodings_.size()) {
    refuse(str_cat("expected ", encodings_.size(), " values, got ", values.size()));
  }
  encoded_.clear();
  size_t words = 0;
  for (const Encoding& encoding : encodings_) words += encoding.size() ? 0 : 1;
  encoded_.resize(4 * words);
  size_t word = 0;
  for (size_t i = 0; i < encodings_.size(); ++i) {
    const size_t begin = encoded_.size();
    try {
      encodings_[i].encode(values[value_of_[i]], encoded_);
    } catch (Error& error) {
      error.add_context(str_cat("column ", str_quote(template_.columns[i].name)));
      throw;
    }
    if (encodings_[i].size()) continue;
    const auto length =
        static_cast<uint32_t>(std::min<uint64_t>(encoded_.size() - begin, kLargestShard));
    std::memcpy(encoded_.data() + 4 * word++, &length, sizeof(length));
  }
}

bool MdsWriter::write(std::span<const Value> values) {
  encode_sample(values);
  const uint64_t size = encoded_.size() + 4;
  // The reference compares the same sizes; when the very first sample is larger than the limit it
  // publishes a shard without samples, and so do we. A later shard is never empty.
  const bool full = template_.size_limit && shard_bytes_ + size > *template_.size_limit &&
                    (!ends_.empty() || shards_.empty());
  if ((full ? empty_shard_bytes() : shard_bytes_) + size > kLargestShard) {
    refuse(str_cat(directory_.string(), ": sample ", ends_.size(), " of shard ", shards_.size(),
                   ": expected a shard below 4 GiB, got a sample of ", encoded_.size(),
                   " bytes after ", full ? 0 : shard_bytes_));
  }
  if (full) flush();
  samples_ += encoded_;
  ends_.push_back(samples_.size());
  shard_bytes_ += size;
  return full;
}

std::string MdsWriter::raw_shard() const {
  std::string raw;
  raw.reserve(shard_bytes_);
  append_u32(raw, ends_.size());
  const uint64_t first = offset_table_bytes(ends_.size()) + config_.size();
  append_u32(raw, first);
  for (const uint64_t end : ends_) append_u32(raw, first + end);
  raw += config_;
  raw += samples_;
  return raw;
}

void MdsWriter::flush() {
  ShardInfo info = template_;
  info.samples = ends_.size();
  name_files(info, shards_.size());
  const std::string raw = raw_shard();
  describe_file(info.raw_data, raw, info.hashes);
  if (info.zip_data) {
    const std::string zip = compress(compression_, raw);
    describe_file(*info.zip_data, zip, info.hashes);
    publish_file(env_, directory_ / info.zip_data->basename, zip);
  } else {
    publish_file(env_, directory_ / info.raw_data.basename, raw);
  }
  shards_.push_back(std::move(info));
  samples_.clear();
  ends_.clear();
  shard_bytes_ = empty_shard_bytes();
}

void MdsWriter::publish_pending() {
  if (!ends_.empty()) flush();
}

Index MdsWriter::finish() {
  publish_pending();
  Index index{shards_};
  index.save(env_, directory_);
  return index;
}

std::vector<ShardInfo> published_shards(Env& env, const fs::path& directory,
                                        const WriterOptions& options) {
  const ShardInfo expected = make_template(options);
  std::vector<ShardInfo> shards;
  while (true) {
    ShardInfo info = expected;
    name_files(info, shards.size());
    const fs::path path =
        directory / (info.zip_data ? info.zip_data->basename : info.raw_data.basename);
    if (!env.exists(path)) return shards;
    const auto mapped = env.map_file(path);
    std::string decompressed;
    std::string_view raw = mapped->data();
    if (info.zip_data) {
      describe_file(*info.zip_data, raw, info.hashes);
      decompressed = decompress(parse_compression(info.compression).algorithm, raw, std::nullopt,
                                path.string());
      raw = decompressed;
    }
    if (raw.size() < 4)
      throw_at(path.string(), raw.size(), "expected a shard, got fewer than 4 bytes");
    info.samples = load_u32(raw.data());
    describe_file(info.raw_data, raw, info.hashes);
    try {
      check_shard(raw, info, path.string());
    } catch (Error& error) {
      error.add_context("cannot continue the stream after its published shards");
      throw;
    }
    shards.push_back(std::move(info));
  }
}

}  // namespace rexbert::shard
