#include "train/random_batch.h"

#include "rexbert/core/philox.h"

namespace rexbert::train {

batch::PackedBatch random_batch(const RandomBatchOptions& options) {
  KeyedRng rng(0, Purpose::kTest, options.number);
  constexpr int32_t kFirstWord = 5;
  constexpr int32_t kMask = 4;
  batch::PackedBatch batch;
  batch.offsets_S1.push_back(0);
  for (int64_t s = 0; s < options.sequences; ++s) {
    for (int64_t t = 0; t < options.context_length; ++t) {
      const auto words = static_cast<uint64_t>(options.vocabulary - kFirstWord);
      auto token = static_cast<int32_t>(kFirstWord + rng.next_below(words));
      if (rng.next_uniform() < options.masked_share) {
        batch.masked_M.push_back(static_cast<int32_t>(batch.tokens()));
        batch.targets_M.push_back(token);
        token = kMask;
      }
      batch.tokens_T.push_back(token);
      batch.positions_T.push_back(static_cast<int32_t>(t));
    }
    batch.offsets_S1.push_back(static_cast<int32_t>(batch.tokens()));
    batch.sample_S.push_back({});
    batch.row_S.push_back(s);
    batch.row_start_S.push_back(0);
  }
  batch.longest = static_cast<int32_t>(options.context_length);
  return batch;
}

}  // namespace rexbert::train
