#include "rexbert/batch/stream_source.h"

#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

shard::TokenStream open_tokens(Env& env, const std::string& path,
                               const shard::TokenColumn& column) {
  if (!env.exists(fs::path(path) / shard::kIndexFile)) {
    throw Error(ErrorCode::kNotFound,
                str_cat("no token shards in ", path, " (expected ", shard::kIndexFile,
                        " there); `rexbert tokenize` with --output ", path, " makes them"));
  }
  return shard::TokenStream::open(env, path, column);
}

void check_tokenizer(const shard::TokenStream& stream, const std::string& declared,
                     const TokenizerIdentity& tokenizer) {
  if (tokenizer.fingerprint.empty()) return;
  const std::string path = stream.directory().string();
  const auto refuse = [&](const std::string& found) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(path, ": expected tokens of the tokenizer ", tokenizer.path, " (",
                        tokenizer.fingerprint, "), ", found));
  };
  if (stream.info()) {
    const std::string& found = stream.info()->tokenizer_fingerprint;
    if (found != tokenizer.fingerprint) refuse(str_cat("got ", found));
  } else if (declared.empty()) {
    refuse(str_cat("got shards without ", shard::kStreamInfoFile,
                   ", which would say; where that tokenizer made them, declare it with "
                   "`tokenizer: ",
                   tokenizer.path, "`"));
  } else if (declared != tokenizer.fingerprint && declared != tokenizer.path) {
    refuse(str_cat("got `tokenizer: ", declared, "`"));
  }
}

}  // namespace

std::shared_ptr<const StreamSource> StreamSource::open(Env& env, const std::string& name,
                                                       const StreamOptions& options, int32_t lanes,
                                                       const TokenizerIdentity& tokenizer) {
  return with_context(str_cat("streams.", name), [&] {
    shard::TokenColumn column{.name = options.column, .vocabulary = tokenizer.vocabulary_size};
    if (!options.dtype.empty()) {
      column.dtype = shard::parse_dtype(options.dtype);
      if (!column.dtype) {
        throw Error(ErrorCode::kConfig, str_cat("dtype: expected uint16, uint32, int32 or int64, ",
                                                "got ", str_quote(options.dtype)));
      }
    }
    shard::TokenStream stream = open_tokens(env, options.path, column);
    check_tokenizer(stream, options.tokenizer, tokenizer);
    return std::make_shared<const StreamSource>(name, std::move(stream), column, lanes, tokenizer);
  });
}

StreamSource::StreamSource(std::string name, shard::TokenStream stream,
                           const shard::TokenColumn& column, int32_t lanes,
                           const TokenizerIdentity& tokenizer)
    : name_(std::move(name)),
      key_(static_cast<uint32_t>(hash64(name_))),
      stream_(std::move(stream)),
      lanes_(lanes),
      cls_id_(tokenizer.cls_id),
      sep_id_(tokenizer.sep_id),
      slices_(SliceTable::build(stream_, column, lanes)) {}

StreamSource::Entry StreamSource::entry(uint64_t seed, int32_t lane, int64_t entry) const {
  const uint64_t count = slices_.slices.size();
  const uint64_t index =
      static_cast<uint64_t>(lane) + static_cast<uint64_t>(entry) * static_cast<uint64_t>(lanes_);
  const uint64_t epoch = index / count;
  const KeyedPermutation order(count, seed, Purpose::kSliceOrder, hash64(name_, epoch));
  return {slices_.slices[order(index % count)], static_cast<int32_t>(epoch)};
}

std::shared_ptr<const shard::TokenShard> StreamSource::open_shard(int32_t shard) const {
  if (shard < 0 || static_cast<size_t>(shard) >= stream_.shards()) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(stream_.directory().string(), ": expected a shard below ", stream_.shards(),
                        ", got shard ", shard));
  }
  const std::scoped_lock lock(mutex_);
  std::weak_ptr<const shard::TokenShard>& slot = open_[shard];
  if (auto already = slot.lock()) return already;
  auto opened = stream_.open_shard(static_cast<size_t>(shard));
  slot = opened;
  return opened;
}

std::vector<std::shared_ptr<const StreamSource>> open_streams(
    Env& env, const std::map<std::string, StreamOptions>& options, int32_t lanes,
    const TokenizerIdentity& tokenizer) {
  std::vector<std::shared_ptr<const StreamSource>> streams;
  for (const auto& [name, stream] : options) {
    streams.push_back(StreamSource::open(env, name, stream, lanes, tokenizer));
  }
  return streams;
}

}  // namespace rexbert::batch
