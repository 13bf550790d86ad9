#include "rexbert/batch/slices.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

constexpr int64_t kMaxSliceTokens = int64_t{1} << 20;
constexpr int64_t kMinSliceTokens = 8192;
constexpr int64_t kSlicesPerLane = 32;
constexpr size_t kWholeShardsPerLane = 8;

int32_t token_offset(int64_t tokens) {
  return static_cast<int32_t>(std::min<int64_t>(tokens, std::numeric_limits<int32_t>::max()));
}

// Closes slices at places in the order of the shard.
class Cutter {
 public:
  Cutter(int32_t shard, std::vector<Slice>& slices) : open_{.shard = shard}, slices_(slices) {}

  void close_at(int32_t sample, int32_t token) {
    open_.end_sample = sample;
    open_.end_token = token;
    slices_.push_back(open_);
    open_.begin_sample = sample;
    open_.begin_token = token;
    filled = 0;
  }

  int64_t filled = 0;  // tokens of the open slice

 private:
  Slice open_;
  std::vector<Slice>& slices_;
};

std::string fingerprint_of(const shard::TokenStream& stream, const std::vector<Slice>& slices) {
  std::vector<int64_t> words;
  for (size_t i = 0; i < stream.shards(); ++i) {
    words.push_back(static_cast<int64_t>(stream.samples(i)));
    words.push_back(static_cast<int64_t>(stream.raw_bytes(i)));
  }
  for (const Slice& slice : slices) {
    for (const int32_t word :
         {slice.shard, slice.begin_sample, slice.begin_token, slice.end_sample, slice.end_token}) {
      words.push_back(word);
    }
  }
  const std::string_view bytes(reinterpret_cast<const char*>(words.data()), words.size() * 8);
  return str_printf("%016llx", static_cast<unsigned long long>(hash64(bytes)));
}

// The tokens' type as the encoding or the caller says it; else the first shard with samples knows.
int64_t bytes_per_token(const shard::TokenStream& stream, const shard::TokenColumn& column) {
  size_t first = 0;
  while (stream.samples(first) == 0) ++first;
  std::optional<shard::DType> dtype = column.dtype;
  for (const shard::Column& candidate : stream.index().shards[first].columns) {
    if (!dtype && candidate.name == column.name) {
      dtype = shard::Encoding::parse(candidate.encoding).dtype();
    }
  }
  return static_cast<int64_t>(dtype ? shard::dtype_size(*dtype)
                                    : stream.open_shard(first)->bytes_per_token());
}

}  // namespace

int64_t SliceTable::mean_tokens() const {
  return std::max<int64_t>(1, tokens / static_cast<int64_t>(slices.size()));
}

std::vector<Slice> cut_shard(int32_t shard, const std::vector<uint32_t>& offsets,
                             int64_t bytes_per_token, int64_t target_tokens) {
  std::vector<Slice> slices;
  const auto samples = static_cast<int32_t>(offsets.size()) - 1;
  if (samples <= 0) return slices;
  const int64_t total = (offsets.back() - offsets.front()) / bytes_per_token;
  const int64_t count = std::max<int64_t>(1, (total + target_tokens / 2) / target_tokens);
  const int64_t quota = std::max<int64_t>(1, (total + count - 1) / count);
  const int64_t sliver = quota / 8;  // not worth a cut
  Cutter cutter(shard, slices);
  for (int32_t sample = 0; sample < samples; ++sample) {
    const auto index = static_cast<size_t>(sample);
    const int64_t tokens = (offsets[index + 1] - offsets[index]) / bytes_per_token;
    int64_t done = 0;
    while (tokens > quota && cutter.filled + tokens - done > quota + sliver) {
      const int64_t room = quota - cutter.filled;
      if (room >= sliver) done += room;
      cutter.close_at(sample, token_offset(done));
    }
    cutter.filled += tokens - done;
    if (cutter.filled >= quota && sample + 1 < samples) cutter.close_at(sample + 1, 0);
  }
  cutter.close_at(samples, 0);
  return slices;
}

SliceTable SliceTable::build(const shard::TokenStream& stream, const shard::TokenColumn& column,
                             int32_t lanes) {
  if (stream.samples() == 0) {
    throw Error(ErrorCode::kNotFound,
                str_cat(stream.directory().string(), ": expected at least one sample, got none"));
  }
  const int64_t token_bytes = bytes_per_token(stream, column);
  SliceTable table;
  table.tokens = static_cast<int64_t>(stream.raw_bytes()) / token_bytes;
  const bool whole = stream.shards() >= kWholeShardsPerLane * static_cast<size_t>(lanes);
  const int64_t target =
      std::clamp(table.tokens / (kSlicesPerLane * lanes), kMinSliceTokens, kMaxSliceTokens);
  for (size_t i = 0; i < stream.shards(); ++i) {
    if (stream.samples(i) == 0) continue;
    const auto shard = static_cast<int32_t>(i);
    if (whole) {
      table.slices.push_back(
          {.shard = shard, .end_sample = static_cast<int32_t>(stream.samples(i))});
    } else {
      const std::vector<Slice> cut = cut_shard(shard, stream.offsets(i), token_bytes, target);
      table.slices.insert(table.slices.end(), cut.begin(), cut.end());
    }
  }
  table.fingerprint = fingerprint_of(stream, table.slices);
  table.offset_hashes = stream.offset_hashes();
  return table;
}

bool SliceTable::is_of(const shard::TokenStream& stream) const {
  return fingerprint == fingerprint_of(stream, slices);
}

}  // namespace rexbert::batch
