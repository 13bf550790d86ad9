#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "batch/masking_vocabulary.h"
#include "rexbert/batch/packed_batch.h"
#include "rexbert/batch/salience.h"
#include "rexbert/core/philox.h"

namespace rexbert::batch {

// A vocabulary of made-up words and of product talk, and batches of it.
class MadeText {
 public:
  MadeText() {
    for (int i = 0; i < 400; ++i) words_.push_back({made_.add(name(i), true)});
    for (int i = 0; i < 100; ++i) {
      words_.push_back({made_.add(name(i) + "st", true), made_.add("un" + name(i), false)});
      words_.push_back({made_.add(name(i) + "pr", true), made_.add(name(i) + "q", false),
                        made_.add("ly", false)});
    }
    unused_ = made_.add("", false, true);
    for (int digit = 0; digit < 10; ++digit)
      digits_.push_back(made_.add(std::to_string(digit), true));
    for (int digit = 0; digit < 10; ++digit)
      inner_.push_back(made_.add(std::to_string(digit), false));
    unit_ = made_.add("GB", true);
    brand_ = {made_.add("Zen", true), made_.add("ith", false)};
    model_ = {made_.add("WH", true), made_.add("-", false)};
    dollar_ = made_.add("$", true);
  }

  const MaskVocabulary& vocabulary() const { return made_.vocabulary; }
  int32_t unused() const { return unused_; }
  const std::vector<int32_t>& brand() const { return brand_; }

  // The brand's first token is some forty times as frequent in the domain.
  SalienceTable salience() const {
    SalienceTable table;
    table.tokenizer_fingerprint = "made";
    KeyedRng rng(11, Purpose::kTest);
    for (int32_t id = 0; id < made_.vocabulary.size(); ++id) {
      const bool special = made_.vocabulary.special_V[id];
      table.domain_V.push_back(special ? 0 : 500 + rng.next_below(100));
      table.general_V.push_back(special ? 0 : 500 + rng.next_below(100));
    }
    table.domain_V[brand_[0]] = 20'000;
    table.brands = {{"Zenith", 20'000}};
    return table;
  }

  // About `length` tokens with [CLS] and [SEP] around them.
  std::vector<int32_t> document(KeyedRng& rng, int32_t length) const {
    std::vector<int32_t> ids = {kCls};
    const auto append = [&ids](const std::vector<int32_t>& more) {
      ids.insert(ids.end(), more.begin(), more.end());
    };
    while (static_cast<int32_t>(ids.size()) + 1 < length) {
      const uint64_t what = rng.next_below(20);
      if (what == 0) {
        append({digits_[rng.next_below(10)], inner_[rng.next_below(10)], unit_});
      } else if (what == 1) {
        append(brand_);
      } else if (what == 2) {
        append(model_);
        for (int i = 0; i < 4; ++i) ids.push_back(inner_[rng.next_below(10)]);
      } else if (what == 3) {
        append({dollar_, inner_[rng.next_below(10)], inner_[rng.next_below(10)]});
      } else {
        append(words_[rng.next_below(words_.size())]);
      }
    }
    ids.resize(std::max(length - 1, 1));
    ids.push_back(kSep);
    return ids;
  }

 private:
  static std::string name(int i) {
    std::string text = "b";
    for (; i > 0; i /= 20) text += static_cast<char>('a' + i % 20);
    return text;
  }

  MadeVocabulary made_;
  std::vector<std::vector<int32_t>> words_;
  std::vector<int32_t> digits_, inner_, brand_, model_;
  int32_t unit_, dollar_, unused_;
};

inline void append_sequence(PackedBatch& batch, const std::vector<int32_t>& ids, SampleId sample,
                            int64_t row) {
  if (batch.offsets_S1.empty()) batch.offsets_S1 = {0};
  const bool same_row = !batch.row_S.empty() && batch.row_S.back() == row;
  const int32_t last = same_row ? static_cast<int32_t>(batch.tokens_T.size()) -
                                      batch.offsets_S1[batch.offsets_S1.size() - 2] +
                                      batch.row_start_S.back()
                                : 0;
  batch.row_start_S.push_back(last);
  batch.tokens_T.insert(batch.tokens_T.end(), ids.begin(), ids.end());
  for (size_t i = 0; i < ids.size(); ++i) batch.positions_T.push_back(static_cast<int32_t>(i));
  batch.offsets_S1.push_back(static_cast<int32_t>(batch.tokens_T.size()));
  batch.sample_S.push_back(sample);
  batch.row_S.push_back(row);
  batch.longest = std::max(batch.longest, static_cast<int32_t>(ids.size()));
}

// Rows of `per_row` documents of `length` tokens; sample ids start at `first_sample`.
inline PackedBatch made_batch(const MadeText& text, uint64_t seed, int32_t rows, int32_t per_row,
                              int32_t length, int32_t first_sample = 0) {
  KeyedRng rng(seed, Purpose::kTest, 1);
  PackedBatch batch;
  for (int32_t i = 0; i < rows * per_row; ++i) {
    append_sequence(batch, text.document(rng, length), {.shard = 3, .sample = first_sample + i},
                    i / per_row);
  }
  return batch;
}

}  // namespace rexbert::batch
