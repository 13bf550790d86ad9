#include "rexbert/shard/token_stream.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/net/storage.h"
#include "rexbert/shard/remote_shards.h"

namespace rexbert::shard {
namespace {

bool holds_token_ids(DType dtype) {
  return dtype == DType::kUint16 || dtype == DType::kUint32 || dtype == DType::kInt32 ||
         dtype == DType::kInt64;
}

constexpr std::string_view kTokenTypes = "uint16, uint32, int32 or int64";

[[noreturn]] void fail(std::string_view where, std::string_view problem) {
  throw Error(ErrorCode::kIncompatible, str_cat(where, ": ", problem));
}

// Throws unless the column can hold tokens as `column` says; `where` names stream, shard and
// column.
void check_token_encoding(const Encoding& encoding, const TokenColumn& column,
                          std::string_view where) {
  if (column.dtype && !holds_token_ids(*column.dtype)) {
    fail(where, str_cat("expected tokens of ", kTokenTypes, ", got ", dtype_name(*column.dtype),
                        " asked for"));
  }
  if (encoding.kind() == Encoding::Kind::kBytes) {
    if (!column.dtype) {
      fail(where,
           str_cat("expected a dtype (", kTokenTypes, ") for a column of plain bytes, got none"));
    }
    return;
  }
  if (encoding.kind() != Encoding::Kind::kArray) {
    fail(where, str_cat("expected encoding ndarray or bytes, got ", str_quote(encoding.text())));
  }
  if (encoding.shape() && encoding.shape()->size() != 1) {
    fail(where, str_cat("expected arrays of one dimension, got ", str_quote(encoding.text())));
  }
  if (encoding.dtype() && !holds_token_ids(*encoding.dtype())) {
    fail(where,
         str_cat("expected tokens of ", kTokenTypes, ", got ", dtype_name(*encoding.dtype())));
  }
  if (encoding.dtype() && column.dtype && *encoding.dtype() != *column.dtype) {
    fail(where, str_cat("expected ", dtype_name(*column.dtype), " as asked for, got ",
                        dtype_name(*encoding.dtype())));
  }
}

size_t find_column(const ShardInfo& info, std::string_view name, std::string_view where) {
  std::vector<std::string> names;
  for (size_t i = 0; i < info.columns.size(); ++i) {
    if (info.columns[i].name == name) return i;
    names.push_back(info.columns[i].name);
  }
  fail(where, str_cat("expected a column ", str_quote(name), ", got ", str_join(names, ", ")));
}

// The tokens' place in one encoded value.
struct TokenRange {
  DType dtype;
  size_t begin;
  size_t tokens;
};

TokenRange locate_tokens(const Encoding& encoding, const TokenColumn& column,
                         std::string_view data) {
  if (encoding.kind() == Encoding::Kind::kBytes) {
    const size_t size = dtype_size(*column.dtype);
    if (data.size() % size != 0) {
      throw Error(ErrorCode::kCorrupt, str_cat("expected a multiple of ", size, " bytes for ",
                                               dtype_name(*column.dtype), ", got ", data.size()));
    }
    return {*column.dtype, 0, data.size() / size};
  }
  const ArrayHead head = parse_array_head(encoding, data);
  if (head.dimensions != 1) {
    throw Error(ErrorCode::kIncompatible,
                str_cat("expected an array of one dimension, got ", head.dimensions));
  }
  return {head.dtype, head.values_begin, head.elements};
}

// out[i] = in[i] as int32; true when every id lies in [0, limit), limit at most 2^31.
template <class T>
bool widen(const char* in, size_t count, uint32_t limit, int32_t* out) {
  uint32_t bad = 0;
  for (size_t i = 0; i < count; ++i) {
    T id;
    std::memcpy(&id, in + i * sizeof(T), sizeof(T));
    const auto low = static_cast<uint32_t>(id);
    bad |= low >= limit ? 1u : 0u;
    if constexpr (sizeof(T) == 8) bad |= static_cast<uint32_t>(static_cast<uint64_t>(id) >> 32);
    out[i] = static_cast<int32_t>(low);
  }
  return bad == 0;
}

int64_t load_id(const char* at, DType dtype) {
  const auto load = [&](auto id) {
    std::memcpy(&id, at, sizeof(id));
    return static_cast<int64_t>(id);
  };
  if (dtype == DType::kUint16) return load(uint16_t{});
  if (dtype == DType::kUint32) return load(uint32_t{});
  if (dtype == DType::kInt32) return load(int32_t{});
  return load(int64_t{});
}

}  // namespace

TokenShard::TokenShard(std::shared_ptr<const ShardReader> reader, const TokenColumn& column,
                       std::shared_ptr<const void> keep)
    : keep_(std::move(keep)),
      reader_(std::move(reader)),
      limit_(column.vocabulary > 0 ? static_cast<uint32_t>(column.vocabulary) : 1u << 31) {
  const size_t index = find_column(reader_->info(), column.name, reader_->source());
  const Encoding& encoding = reader_->encoding(index);
  const std::string name = str_cat("column ", str_quote(column.name));
  check_token_encoding(encoding, column, str_cat(reader_->source(), ": ", name));
  std::optional<DType> dtype = column.dtype ? column.dtype : encoding.dtype();
  begins_.reserve(reader_->samples());
  lengths_.reserve(reader_->samples());
  for (uint64_t sample = 0; sample < reader_->samples(); ++sample) {
    const std::string_view data = reader_->column(sample, index);
    const auto offset = static_cast<uint32_t>(data.data() - reader_->data().data());
    try {
      const TokenRange range = locate_tokens(encoding, column, data);
      if (!dtype && holds_token_ids(range.dtype)) dtype = range.dtype;
      if (range.dtype != dtype) {
        throw Error(ErrorCode::kIncompatible,
                    str_cat("expected tokens of ", dtype ? dtype_name(*dtype) : kTokenTypes,
                            ", got ", dtype_name(range.dtype)));
      }
      begins_.push_back(offset + static_cast<uint32_t>(range.begin));
      lengths_.push_back(static_cast<uint32_t>(range.tokens));
      tokens_ += range.tokens;
    } catch (Error& error) {
      error.add_context(
          str_cat(reader_->source(), ": offset ", offset, ": sample ", sample, ", ", name));
      throw;
    }
  }
  if (dtype) dtype_ = *dtype;
}

void TokenShard::copy(uint64_t sample, uint32_t begin, uint32_t end, int32_t* out) const {
  if (sample >= samples() || begin > end || end > lengths_[sample]) {
    throw Error(ErrorCode::kUsage, str_cat(reader_->source(), ": no tokens [", begin, ", ", end,
                                           ") in sample ", sample));
  }
  const char* const in = reader_->data().data() + begins_[sample] + begin * bytes_per_token();
  const size_t count = end - begin;
  bool good = false;
  switch (dtype_) {
    case DType::kUint16:
      good = widen<uint16_t>(in, count, limit_, out);
      break;
    case DType::kUint32:
      good = widen<uint32_t>(in, count, limit_, out);
      break;
    case DType::kInt32:
      good = widen<int32_t>(in, count, limit_, out);
      break;
    default:
      good = widen<int64_t>(in, count, limit_, out);
  }
  if (!good) throw_bad_token(sample, begin, end);
}

void TokenShard::throw_bad_token(uint64_t sample, uint32_t begin, uint32_t end) const {
  for (uint32_t i = begin; i < end; ++i) {
    const uint64_t offset = begins_[sample] + i * bytes_per_token();
    const int64_t id = load_id(reader_->data().data() + offset, dtype_);
    if (id >= 0 && id < int64_t{limit_}) continue;
    throw Error(ErrorCode::kCorrupt,
                str_cat(reader_->source(), ": offset ", offset, ": sample ", sample, ", token ", i,
                        ": expected an id from 0 to ", limit_ - 1, ", got ", id));
  }
  throw Error(ErrorCode::kInternal, "a bad token was there and is gone");
}

TokenStream TokenStream::open(Env& env, const fs::path& directory, TokenColumn column,
                              const CacheOptions& cache) {
  if (net::is_url(directory)) {
    return open(env, RemoteShards::open(env, directory.string(), cache), std::move(column));
  }
  TokenStream stream(env, directory);
  stream.index_ = Index::load(env, directory);
  stream.info_ = StreamInfo::load(env, directory);
  stream.check(std::move(column));
  return stream;
}

TokenStream TokenStream::open(Env& env, std::shared_ptr<RemoteShards> remote, TokenColumn column) {
  TokenStream stream(env, remote->url());
  stream.index_ = remote->index();
  stream.info_ = remote->info();
  stream.remote_ = std::move(remote);
  stream.check(std::move(column));
  return stream;
}

void TokenStream::check(TokenColumn column) {
  if (info_) {
    info_->check_against(index_, (directory_ / kStreamInfoFile).string());
    if (column.vocabulary == 0) column.vocabulary = info_->vocabulary_size;
  }
  const std::string source = (directory_ / kIndexFile).string();
  for (size_t i = 0; i < shards(); ++i) {
    const ShardInfo& info = index_.shards[i];
    const std::string where = str_cat(source, ": shards[", i, "]");
    const Column& found = info.columns[find_column(info, column.name, where)];
    check_token_encoding(Encoding::parse(found.encoding), column,
                         str_cat(where, ": column ", str_quote(found.name)));
  }
  column_ = std::move(column);
}

std::vector<uint32_t> TokenStream::offsets(size_t shard) const {
  if (remote_) return remote_->offsets(shard);
  return read_offsets(*env_, directory_, index_.shards.at(shard));
}

std::map<size_t, uint64_t> TokenStream::offset_hashes() const {
  return remote_ ? remote_->offset_hashes() : std::map<size_t, uint64_t>();
}

void TokenStream::expect_offsets(const std::map<size_t, uint64_t>& hashes) const {
  if (remote_) remote_->expect_offsets(hashes);
}

std::shared_ptr<const TokenShard> TokenStream::open_shard(size_t shard,
                                                          const std::function<bool()>& stop) const {
  if (!remote_) {
    return std::make_shared<const TokenShard>(
        ShardReader::open(*env_, directory_, index_.shards.at(shard)), column_);
  }
  try {
    return open_held(shard, stop);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kCorrupt) throw;
  }
  // Damaged on this machine, or a shard without hashes on its way here.
  remote_->discard(shard);
  return open_held(shard, stop);
}

std::shared_ptr<const TokenShard> TokenStream::open_held(size_t shard,
                                                         const std::function<bool()>& stop) const {
  RemoteShards::Held held = remote_->hold(shard, stop);
  const std::string url = remote_->url(shard);
  auto reader = with_context(
      url, [&] { return ShardReader::open(*env_, held.folder, index_.shards.at(shard)); });
  remote_->check_offsets(shard, reader->data());
  // What was decompressed into memory needs its file no longer.
  if (index_.shards[shard].zip_data) held.lock.reset();
  return with_context(url, [&] {
    return std::make_shared<const TokenShard>(std::move(reader), column_, std::move(held.lock));
  });
}

void TokenStream::prefetch(const std::vector<size_t>& shards, int64_t reader) const {
  if (remote_) remote_->prefetch(shards, reader);
}

void TokenStream::prefetch_behind(size_t shard, size_t more) const {
  std::vector<size_t> announced;
  for (size_t i = shard; i < shards() && i <= shard + more; ++i) announced.push_back(i);
  prefetch(announced);
}

}  // namespace rexbert::shard
