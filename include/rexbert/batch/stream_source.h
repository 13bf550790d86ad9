#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/batch/options.h"
#include "rexbert/batch/slices.h"
#include "rexbert/core/env.h"
#include "rexbert/shard/token_stream.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::batch {

// The tokenizer that streams are checked against.
struct TokenizerIdentity {
  std::string fingerprint;      // empty: streams are not checked
  std::string path;             // as the config writes it
  int32_t vocabulary_size = 0;  // ids not below it are errors; 0: as the stream says
  // What stands around a document, and around a stored one where its shards have it.
  int32_t cls_id = tokenizer::kClsId;
  int32_t sep_id = tokenizer::kSepId;
};
TokenizerIdentity identity_of(const tokenizer::Tokenizer& tokenizer, const std::string& path);

// Opens a stream of tokens of `tokenizer`, which has the say about ids: one that is not below its
// vocabulary is an error where it is read. Throws Error(kNotFound) naming the folder and the
// command that makes shards when there are none, Error(kIncompatible) unless the sidecar names that
// tokenizer or, of shards made elsewhere, which have none, options.tokenizer does.
//
// `declare` stands before the tokenizer's path where the message tells users how to declare it;
// empty: they cannot.
shard::TokenStream open_tokens(Env& env, const StreamOptions& options,
                               const TokenizerIdentity& tokenizer,
                               std::string_view declare = "tokenizer: ");

// One stream of a run: its tokens, its slices and their order. Safe for many threads.
class StreamSource {
 public:
  // Errors as open_tokens().
  static std::shared_ptr<const StreamSource> open(Env& env, const std::string& name,
                                                  const StreamOptions& options, int32_t lanes,
                                                  const TokenizerIdentity& tokenizer);

  // `column` is the one that `stream` was opened with; `lookahead` that of the options.
  StreamSource(std::string name, shard::TokenStream stream, const shard::TokenColumn& column,
               int32_t lanes, const TokenizerIdentity& tokenizer, int32_t lookahead = 1);

  const std::string& name() const { return name_; }
  uint32_t key() const { return key_; }  // low half of the hash64 of the name
  int32_t lanes() const { return lanes_; }
  // Windows that each lane announces ahead; 0 where the shards lie on this machine.
  int32_t lookahead() const { return stream_.is_remote() ? lookahead_ : 0; }
  int32_t cls_id() const { return cls_id_; }
  int32_t sep_id() const { return sep_id_; }
  const shard::TokenStream& tokens() const { return stream_; }
  // Cut when the stream is opened, of a stream behind a URL only when first asked for: a loader
  // state may know them. Throws what SliceTable::build throws.
  const SliceTable& slices() const { return *cut(); }
  // The same for a loader state to keep; null where it takes no offset table from behind a URL to
  // cut them.
  std::shared_ptr<const SliceTable> costly_slices() const;
  // Takes `before`, which a loader state kept, for the slices, so that no offset table is fetched;
  // nothing happens where they are cut already or the stream's index is another now.
  void reuse_slices(const std::shared_ptr<const SliceTable>& before) const;

  struct Entry {
    Slice slice;
    int32_t epoch = 0;
  };
  // The `entry`-th slice of lane `lane`, entry >= 0: with i = lane + entry * lanes() and n slices,
  // the image of i mod n under the permutation of (seed, name, epoch i / n).
  Entry entry(uint64_t seed, int32_t lane, int64_t entry) const;

  // These entries' shards will be opened soon, in this order, for this lane, instead of those that
  // were announced for it before.
  void prefetch(const std::vector<Entry>& entries, int32_t lane) const;

  // Shared by all who hold it at the same time. Throws Error(kIncompatible) when there is no such
  // shard, and what TokenStream::open_shard throws.
  std::shared_ptr<const shard::TokenShard> open_shard(int32_t shard,
                                                      const std::function<bool()>& stop = {}) const;

 private:
  const std::shared_ptr<const SliceTable>& cut() const;

  std::string name_;
  uint32_t key_;
  shard::TokenStream stream_;
  int32_t lanes_;
  int32_t lookahead_;
  int32_t cls_id_;
  int32_t sep_id_;
  shard::TokenColumn column_;
  mutable std::once_flag cut_once_;
  mutable std::shared_ptr<const SliceTable> slices_;
  mutable std::mutex mutex_;
  mutable std::map<int32_t, std::weak_ptr<const shard::TokenShard>> open_;
};

// All streams of a run in the order of their names.
std::vector<std::shared_ptr<const StreamSource>> open_streams(
    Env& env, const std::map<std::string, StreamOptions>& options, int32_t lanes,
    const TokenizerIdentity& tokenizer);

}  // namespace rexbert::batch
