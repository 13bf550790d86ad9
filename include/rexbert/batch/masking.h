#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "rexbert/batch/mask_vocabulary.h"
#include "rexbert/batch/packed_batch.h"
#include "rexbert/batch/salience.h"
#include "rexbert/batch/spans.h"
#include "rexbert/plan/step_spec.h"

namespace rexbert::batch {

// Masks packed batches (docs/masking.md). Immutable, cheap to copy, safe for many threads.
//
// Every token has one 32-bit draw d, keyed by (seed, purpose, epoch, name of the stream, shard,
// sample) and by its position in the sample (SampleId::token + position in the sequence): it
// depends on neither rank nor micro-batch nor row nor the run's other streams. A sequence is cut
// into units, u is the draw of a unit's first token, and the whole unit is masked when u < 2^32
// p_unit:
//   kUniform    every token is a unit, p_unit = probability.
//   kWholeWord  a word's tokens (at most 16) are a unit, p_unit = probability.
//   kGuided     spans are units, each with probability `strength` (keyed); all other tokens are
//               units of one. p_unit = min(cap, c exp(strength score)), cap = max(probability,
//               0.9), with c such that the sum over units of length x p_unit is probability x
//               (maskable tokens of the sequence). The score is the mean of the tokens' salience
//               plus the span's bonus (0 outside of spans), in steps of 1/32, within [-2, 2).
//               strength 0 is kUniform bit for bit.
// Special and unused tokens are never masked and belong to no unit. A row (consecutive sequences of
// one row_S) in which nothing would be masked masks its unit of smallest u / p_unit.
//
// Of the masked tokens, each by itself, mask_share become [MASK], random_share a token drawn
// uniformly from all that are not special, and the rest stay.
class Masker {
 public:
  // Throws Error(kUsage) for a vocabulary that fails check() and Error(kIncompatible) for a table
  // of another vocabulary size. Without a table every token's salience is 0 and there are no
  // brands.
  Masker(uint64_t seed, MaskVocabulary vocabulary,
         std::optional<SalienceTable> salience = std::nullopt);

  // Takes a batch of whole rows with the original ids in tokens_T; fills masked_M and targets_M and
  // rewrites tokens_T. Throws Error(kUsage) for a spec out of range or offsets that do not fit,
  // Error(kIncompatible) for a token that is not in the vocabulary; the batch is then unchanged.
  // Rates, one thread with AVX2: about 180 M tokens/s kUniform, 70 M kWholeWord, and kGuided 17 M
  // in prose and 8 M in product text, where finding the spans is most of it.
  void apply(const plan::MaskingSpec& spec, PackedBatch& batch) const;

  // The same with evaluation's own key, in which the epoch has no part: the same masks every time.
  void apply_frozen(const plan::MaskingSpec& spec, PackedBatch& batch) const;

  const MaskVocabulary& vocabulary() const;
  const SpanDetector& detector() const;

  struct Impl;

 private:
  std::shared_ptr<const Impl> impl_;
};

// Added to the score of a span's tokens, in nats. A price is hard to foretell and teaches less.
inline constexpr double span_bonus(SpanKind kind) { return kind == SpanKind::kPrice ? 0.5 : 1.0; }

}  // namespace rexbert::batch
