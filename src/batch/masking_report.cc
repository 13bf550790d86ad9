#include "rexbert/batch/masking_report.h"

#include <algorithm>
#include <vector>

namespace rexbert::batch {
namespace {

constexpr uint32_t kRow = 1024;
constexpr size_t kBatchTokens = 1 << 16;

void append_chunk(const shard::TokenShard& shard, SampleId id, uint32_t end, PackedBatch& batch) {
  const auto begin = static_cast<uint32_t>(id.token);
  const size_t first = batch.tokens_T.size();
  batch.tokens_T.resize(first + (end - begin));
  shard.copy(static_cast<uint64_t>(id.sample), begin, end, batch.tokens_T.data() + first);
  for (uint32_t i = 0; i < end - begin; ++i) batch.positions_T.push_back(static_cast<int32_t>(i));
  batch.offsets_S1.push_back(static_cast<int32_t>(batch.tokens_T.size()));
  batch.row_S.push_back(batch.sequences());
  batch.row_start_S.push_back(0);
  batch.sample_S.push_back(id);
  batch.longest = std::max(batch.longest, static_cast<int32_t>(end - begin));
}

PackedBatch empty_batch() {
  PackedBatch batch;
  batch.offsets_S1 = {0};
  return batch;
}

}  // namespace

std::string_view to_string(plan::MaskingPolicy policy) {
  switch (policy) {
    case plan::MaskingPolicy::kUniform:
      return "uniform";
    case plan::MaskingPolicy::kWholeWord:
      return "whole_word";
    default:
      return "guided";
  }
}

void MaskingStatistics::add(const Masker& masker, const PackedBatch& original,
                            const PackedBatch& masked_batch) {
  std::vector<uint8_t> is_masked(original.tokens_T.size());
  for (const int32_t t : masked_batch.masked_M) is_masked[t] = 1;
  masked += static_cast<int64_t>(masked_batch.masked_M.size());
  for (const int32_t id : original.tokens_T) tokens += !masker.vocabulary().special_V[id];
  std::vector<Span> spans;
  for (int64_t s = 0; s < original.sequences(); ++s) {
    const int32_t begin = original.offsets_S1[s];
    const auto length = static_cast<size_t>(original.offsets_S1[s + 1] - begin);
    masker.detector().find({original.tokens_T.data() + begin, length}, spans);
    for (const Span& span : spans) {
      const auto first = is_masked.begin() + begin + span.begin;
      const int64_t size = span.end - span.begin;
      const int64_t hits = std::count(first, first + size, 1);
      OfKind& kind = kinds[static_cast<size_t>(span.kind)];
      ++kind.spans;
      kind.whole += hits == size;
      kind.tokens += size;
      kind.masked_tokens += hits;
    }
  }
}

MaskingStatistics measure_masking(const Masker& masker, const plan::MaskingSpec& spec,
                                  const shard::TokenStream& stream, uint64_t tokens) {
  MaskingStatistics statistics;
  PackedBatch batch = empty_batch();
  const auto flush = [&] {
    const PackedBatch original = batch;
    masker.apply_frozen(spec, batch);
    statistics.add(masker, original, batch);
    batch = empty_batch();
  };
  uint64_t taken = 0;
  for (size_t index = 0; index < stream.shards() && taken < tokens; ++index) {
    const auto shard = stream.open_shard(index);
    for (uint64_t sample = 0; sample < shard->samples() && taken < tokens; ++sample) {
      const uint32_t length = shard->length(sample);
      for (uint32_t begin = 0; begin < length && taken < tokens; begin += kRow) {
        const uint32_t end = std::min(length, begin + kRow);
        append_chunk(*shard,
                     {.shard = static_cast<int32_t>(index),
                      .sample = static_cast<int32_t>(sample),
                      .token = static_cast<int32_t>(begin)},
                     end, batch);
        taken += end - begin;
        if (batch.tokens_T.size() >= kBatchTokens) flush();
      }
    }
  }
  flush();
  return statistics;
}

Json to_json(const plan::MaskingSpec& spec, const MaskingStatistics& statistics) {
  Json spans = Json::object();
  for (int i = 0; i < kSpanKinds; ++i) {
    const auto kind = static_cast<SpanKind>(i);
    spans[std::string(to_string(kind))] = {{"spans", statistics.of(kind).spans},
                                           {"masked_whole", statistics.of(kind).whole},
                                           {"rate", statistics.rate(kind)},
                                           {"share_of_tokens", statistics.share_of_tokens(kind)},
                                           {"share_of_masked", statistics.share_of_masked(kind)}};
  }
  Json result = {{"policy", to_string(spec.policy)},
                 {"probability", spec.probability},
                 {"rate", statistics.rate()},
                 {"spans", std::move(spans)},
                 {"tokens", statistics.tokens}};
  if (spec.policy == plan::MaskingPolicy::kGuided) result["strength"] = spec.strength;
  return result;
}

}  // namespace rexbert::batch
