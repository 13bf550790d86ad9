#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "rexbert/batch/masking.h"
#include "rexbert/batch/packed_batch.h"
#include "rexbert/core/json.h"
#include "rexbert/shard/token_stream.h"

namespace rexbert::batch {

// Where a policy spends its masks.
struct MaskingStatistics {
  struct OfKind {
    int64_t spans = 0;          // found
    int64_t whole = 0;          // of these, with every token masked
    int64_t tokens = 0;         // in spans
    int64_t masked_tokens = 0;  // of these, masked
  };

  int64_t tokens = 0;  // maskable
  int64_t masked = 0;
  std::array<OfKind, kSpanKinds> kinds;

  double rate() const { return share(masked, tokens); }
  // Share of the kind's tokens that are masked.
  double rate(SpanKind kind) const { return share(of(kind).masked_tokens, of(kind).tokens); }
  // Share of all tokens, and of the masked ones, that lie in the kind's spans.
  double share_of_tokens(SpanKind kind) const { return share(of(kind).tokens, tokens); }
  double share_of_masked(SpanKind kind) const { return share(of(kind).masked_tokens, masked); }

  const OfKind& of(SpanKind kind) const { return kinds[static_cast<size_t>(kind)]; }

  // Adds a batch as it was before and as it is after Masker::apply().
  void add(const Masker& masker, const PackedBatch& original, const PackedBatch& masked_batch);

 private:
  static double share(int64_t part, int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
  }
};

// Statistics of `spec` (with evaluation's key) on the first samples of `stream` that hold about
// `tokens` tokens, each sample a row, longer ones in rows of 1,024.
MaskingStatistics measure_masking(const Masker& masker, const plan::MaskingSpec& spec,
                                  const shard::TokenStream& stream, uint64_t tokens);

// "policy", "probability", "strength" where guided, "rate" and, for each kind of span, its shares.
Json to_json(const plan::MaskingSpec& spec, const MaskingStatistics& statistics);

std::string_view to_string(plan::MaskingPolicy policy);

}  // namespace rexbert::batch
