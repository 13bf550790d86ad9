#include "rexbert/shard/reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "shard/shard_files.h"

namespace rexbert::shard {
namespace {

void check_hashes(std::string_view data, const FileInfo& file, std::string_view source) {
  const std::vector<std::string> problems = hash_problems(data, file, source);
  if (!problems.empty()) throw Error(ErrorCode::kCorrupt, problems.front());
}

RawShard load_raw_shard(Env& env, const fs::path& directory, const ShardInfo& info,
                        const ReadOptions& options) {
  const fs::path raw_path = directory / info.raw_data.basename;
  if (!info.zip_data || env.exists(raw_path)) {
    RawShard raw;
    raw.source = raw_path.string();
    raw.mapped = map_shard_file(env, directory, info.raw_data);
    if (options.verify_hashes) check_hashes(raw.data(), info.raw_data, raw.source);
    return raw;
  }
  const auto zip = map_shard_file(env, directory, *info.zip_data);
  if (options.verify_hashes) {
    check_hashes(zip->data(), *info.zip_data, (directory / info.zip_data->basename).string());
  }
  RawShard raw = decompress_shard(zip->data(), directory, info);
  if (options.verify_hashes) check_hashes(raw.data(), info.raw_data, raw.source);
  return raw;
}

}  // namespace

std::shared_ptr<const ShardReader> ShardReader::open(Env& env, const fs::path& directory,
                                                     const ShardInfo& info, ReadOptions options) {
  RawShard raw = load_raw_shard(env, directory, info, options);
  const std::shared_ptr<ShardReader> reader(new ShardReader);
  reader->info_ = info;
  reader->source_ = std::move(raw.source);
  reader->mapped_ = std::move(raw.mapped);
  reader->decompressed_ = std::move(raw.decompressed);
  reader->data_ = reader->mapped_ ? reader->mapped_->data() : reader->decompressed_;
  for (const Column& column : info.columns) {
    reader->encodings_.push_back(Encoding::parse(column.encoding));
  }
  check_shard(reader->data_, reader->info_, reader->source_);
  return reader;
}

void ShardReader::fail(uint64_t offset, std::string_view problem) const {
  throw_at(source_, offset, problem);
}

uint32_t ShardReader::offset(uint64_t sample) const {
  return load_u32(data_.data() + 4 + 4 * sample);
}

std::string_view ShardReader::sample(uint64_t sample) const {
  if (sample >= info_.samples) {
    throw Error(ErrorCode::kUsage,
                str_cat(source_, ": expected a sample below ", info_.samples, ", got ", sample));
  }
  const uint32_t begin = offset(sample);
  return data_.substr(begin, offset(sample + 1) - begin);
}

std::string_view ShardReader::column(uint64_t sample_index, size_t column) const {
  const std::string_view bytes = sample(sample_index);
  size_t words = 0;
  for (const Encoding& encoding : encodings_) words += encoding.size() ? 0 : 1;
  uint64_t end = 4 * words;
  uint64_t begin = 0;
  uint64_t size = 0;
  if (end <= bytes.size()) {
    size_t word = 0;
    for (size_t i = 0; i < encodings_.size(); ++i) {
      const uint64_t length =
          encodings_[i].size() ? *encodings_[i].size() : load_u32(bytes.data() + 4 * word++);
      if (i == column) {
        begin = end;
        size = length;
      }
      end += length;
    }
  }
  if (end != bytes.size()) {
    fail(offset(sample_index), str_cat("sample ", sample_index, ": expected ", end,
                                       " bytes by its lengths, got ", bytes.size()));
  }
  return bytes.substr(begin, size);
}

Value ShardReader::value(uint64_t sample, size_t column_index) const {
  const std::string_view data = column(sample, column_index);
  try {
    return encodings_[column_index].decode(data);
  } catch (Error& error) {
    error.add_context(str_cat(source_, ": offset ", data.data() - data_.data(), ": sample ", sample,
                              ", column ", str_quote(info_.columns[column_index].name)));
    throw;
  }
}

namespace {

std::vector<uint32_t> offsets_from(std::string_view head, const ShardInfo& info,
                                   std::string_view source) {
  check_offset_table(head, info, source);
  std::vector<uint32_t> offsets(info.samples + 1);
  std::memcpy(offsets.data(), head.data() + 4, 4 * offsets.size());
  return offsets;
}

bool decompresses_in_sequence(const ShardInfo& info) {
  const Compression algorithm = parse_compression(info.compression).algorithm;
  const std::string extension = fs::path(info.zip_data->basename).extension().string();
  return (algorithm == Compression::kZstd && extension == ".zstd") ||
         (algorithm == Compression::kGzip && extension == ".gz");
}

std::string read_front(ByteSource& source, uint64_t length, std::string_view name) {
  std::string front(length, '\0');
  uint64_t filled = 0;
  while (filled < length) {
    const size_t got = source.read(front.data() + filled, length - filled);
    if (got == 0) {
      throw_at(name, filled,
               str_cat("expected a header of at least ", length, " bytes, got ", filled));
    }
    filled += got;
  }
  return front;
}

}  // namespace

std::vector<uint32_t> read_offsets(Env& env, const fs::path& directory, const ShardInfo& info) {
  const fs::path raw_path = directory / info.raw_data.basename;
  check_sample_count(info, raw_path.string());
  const uint64_t length = offset_table_bytes(info.samples);
  if (!info.zip_data || env.exists(raw_path)) {
    const auto file = env.open_file(raw_path);
    if (file->size() != info.raw_data.bytes) {
      throw_at(raw_path.string(), std::min(file->size(), info.raw_data.bytes),
               str_cat("expected ", info.raw_data.bytes, " bytes, got ", file->size()));
    }
    std::string head(length, '\0');
    file->read(0, length, head.data());
    return offsets_from(head, info, raw_path.string());
  }
  const fs::path zip_path = directory / info.zip_data->basename;
  if (decompresses_in_sequence(info)) {
    const std::string name = zip_path.string() + " (decompressed)";
    const auto source = open_byte_source(env, zip_path);
    return offsets_from(read_front(*source, length, name), info, name);
  }
  const auto reader = ShardReader::open(env, directory, info);
  return offsets_from(reader->data(), info, reader->source());
}

}  // namespace rexbert::shard
