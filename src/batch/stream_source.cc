#include "rexbert/batch/stream_source.h"

#include <system_error>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

shard::TokenColumn column_of(const StreamOptions& options, const TokenizerIdentity& tokenizer) {
  shard::TokenColumn column{.name = options.column, .vocabulary = tokenizer.vocabulary_size};
  if (!options.dtype.empty()) {
    column.dtype = shard::parse_dtype(options.dtype);
    if (!column.dtype) {
      throw Error(ErrorCode::kConfig, str_cat("dtype: expected uint16, uint32, int32 or int64, ",
                                              "got ", str_quote(options.dtype)));
    }
  }
  return column;
}

bool is_same_path(const fs::path& a, const fs::path& b) {
  std::error_code failed;
  const fs::path whole_a = fs::weakly_canonical(a, failed);
  if (failed) return a == b;
  const fs::path whole_b = fs::weakly_canonical(b, failed);
  return failed ? a == b : whole_a == whole_b;
}

bool looks_like_fingerprint(const std::string& text) {
  constexpr size_t kDigits = 32;  // Tokenizer::fingerprint()
  return text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

enum class Declared { kThis, kAnother, kUnknown };

// Whether a declaration means `tokenizer`: its fingerprint, its folder, or that of a copy. Not
// known of a path that holds no tokenizer here.
Declared read_declaration(Env& env, const std::string& declared,
                          const TokenizerIdentity& tokenizer) {
  if (declared == tokenizer.fingerprint || is_same_path(declared, tokenizer.path)) {
    return Declared::kThis;
  }
  try {
    if (env.exists(declared)) {
      const auto found = tokenizer::Tokenizer::load(env, declared);
      return found.fingerprint() == tokenizer.fingerprint ? Declared::kThis : Declared::kAnother;
    }
  } catch (const Error&) {
    return Declared::kUnknown;
  }
  return looks_like_fingerprint(declared) ? Declared::kAnother : Declared::kUnknown;
}

void require_tokenizer(Env& env, const shard::TokenStream& stream, const std::string& declared,
                       const TokenizerIdentity& tokenizer, std::string_view declare) {
  if (tokenizer.fingerprint.empty()) return;
  const auto refuse = [&](const std::string& found) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(stream.directory().string(), ": expected tokens of the tokenizer ",
                        tokenizer.path, " (", tokenizer.fingerprint, "), ", found));
  };
  if (stream.info() && stream.info()->tokenizer_fingerprint != tokenizer.fingerprint) {
    refuse(str_cat("got ", stream.info()->tokenizer_fingerprint));
  }
  if (!declared.empty()) {
    const Declared meant = read_declaration(env, declared, tokenizer);
    if (meant == Declared::kThis || (meant == Declared::kUnknown && stream.info())) return;
    refuse(str_cat("got `", declare, declared, "`"));
  }
  if (stream.info()) return;
  std::string found = str_cat("got shards without ", shard::kStreamInfoFile, ", which would say");
  if (!declare.empty()) {
    found += str_cat("; where that tokenizer made them, declare it with `", declare, tokenizer.path,
                     "`");
  }
  refuse(found);
}

}  // namespace

TokenizerIdentity identity_of(const tokenizer::Tokenizer& tokenizer, const std::string& path) {
  return {tokenizer.fingerprint(), path, tokenizer.vocabulary_size(), tokenizer.cls_id(),
          tokenizer.sep_id()};
}

shard::TokenStream open_tokens(Env& env, const StreamOptions& options,
                               const TokenizerIdentity& tokenizer, std::string_view declare) {
  if (!shard::is_stream_url(options.path) &&
      !env.exists(fs::path(options.path) / shard::kIndexFile)) {
    throw Error(ErrorCode::kNotFound,
                str_cat("no token shards in ", options.path, " (expected ", shard::kIndexFile,
                        " there); `rexbert tokenize` with --output ", options.path, " makes them"));
  }
  shard::TokenStream stream =
      shard::TokenStream::open(env, options.path, column_of(options, tokenizer), options.cache);
  require_tokenizer(env, stream, options.tokenizer, tokenizer, declare);
  return stream;
}

std::shared_ptr<const StreamSource> StreamSource::open(Env& env, const std::string& name,
                                                       const StreamOptions& options, int32_t lanes,
                                                       const TokenizerIdentity& tokenizer) {
  shard::TokenStream stream =
      with_context(str_cat("streams.", name), [&] { return open_tokens(env, options, tokenizer); });
  return std::make_shared<const StreamSource>(
      name, std::move(stream), column_of(options, tokenizer), lanes, tokenizer, options.lookahead);
}

StreamSource::StreamSource(std::string name, shard::TokenStream stream,
                           const shard::TokenColumn& column, int32_t lanes,
                           const TokenizerIdentity& tokenizer, int32_t lookahead)
    : name_(std::move(name)),
      key_(static_cast<uint32_t>(hash64(name_))),
      stream_(std::move(stream)),
      lanes_(lanes),
      lookahead_(lookahead),
      cls_id_(tokenizer.cls_id),
      sep_id_(tokenizer.sep_id),
      column_(column) {
  if (!stream_.is_remote()) cut();
}

const std::shared_ptr<const SliceTable>& StreamSource::cut() const {
  std::call_once(cut_once_, [this] {
    slices_ = with_context(str_cat("streams.", name_), [this] {
      return std::make_shared<const SliceTable>(SliceTable::build(stream_, column_, lanes_));
    });
  });
  return slices_;
}

std::shared_ptr<const SliceTable> StreamSource::costly_slices() const {
  return slices().offset_hashes.empty() ? nullptr : cut();
}

void StreamSource::reuse_slices(const std::shared_ptr<const SliceTable>& before) const {
  if (!stream_.is_remote() || !before->is_of(stream_)) return;
  std::call_once(cut_once_, [&] {
    stream_.expect_offsets(before->offset_hashes);
    slices_ = before;
  });
}

StreamSource::Entry StreamSource::entry(uint64_t seed, int32_t lane, int64_t entry) const {
  const std::vector<Slice>& all = slices().slices;
  const uint64_t count = all.size();
  const uint64_t index =
      static_cast<uint64_t>(lane) + static_cast<uint64_t>(entry) * static_cast<uint64_t>(lanes_);
  const uint64_t epoch = index / count;
  const KeyedPermutation order(count, seed, Purpose::kSliceOrder, hash64(name_, epoch));
  return {all[order(index % count)], static_cast<int32_t>(epoch)};
}

void StreamSource::prefetch(const std::vector<Entry>& entries, int32_t lane) const {
  std::vector<size_t> shards;
  {
    const std::scoped_lock lock(mutex_);
    for (const Entry& entry : entries) {
      const auto open = open_.find(entry.slice.shard);
      if (open != open_.end() && !open->second.expired()) continue;
      shards.push_back(static_cast<size_t>(entry.slice.shard));
    }
  }
  stream_.prefetch(shards, lane);
}

std::shared_ptr<const shard::TokenShard> StreamSource::open_shard(
    int32_t shard, const std::function<bool()>& stop) const {
  if (shard < 0 || static_cast<size_t>(shard) >= stream_.shards()) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(stream_.directory().string(), ": expected a shard below ", stream_.shards(),
                        ", got shard ", shard));
  }
  const std::scoped_lock lock(mutex_);
  std::weak_ptr<const shard::TokenShard>& slot = open_[shard];
  if (auto already = slot.lock()) return already;
  auto opened = stream_.open_shard(static_cast<size_t>(shard), stop);
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
