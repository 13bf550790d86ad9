#include "curate/evaluation_index.h"

#include <algorithm>
#include <bit>
#include <set>
#include <tuple>

#include "curate/evaluation_texts.h"

namespace rexbert::curate {

EvaluationIndex::EvaluationIndex(Env& env, const std::vector<EvaluationFile>& files,
                                 const DecontaminateOptions& options) {
  for (size_t i = 0; i < files.size(); ++i) {
    read_evaluation_texts(env, files[i], [&](const EvaluationText& text) {
      add(text.text, {static_cast<uint32_t>(i), static_cast<uint32_t>(text.field), text.line},
          options);
    });
  }
  complete();
}

void EvaluationIndex::add(std::string_view text, Text place, const DecontaminateOptions& options) {
  const Words words(text);
  if (words.size() == 0) return;
  const auto length = static_cast<size_t>(options.ngram_words);
  const auto shortest = static_cast<size_t>(options.min_words);
  if (words.size() < length && (shortest == 0 || words.size() < shortest)) {
    ++short_texts_;
    return;
  }
  const size_t ngram = std::min(length, words.size());
  const size_t first = words_.size();
  words_.append(words.text());
  const auto index = static_cast<uint32_t>(texts_.size());
  texts_.push_back(place);
  for (size_t i = 0; i + ngram <= words.size(); ++i) {
    ngrams_.push_back({0, static_cast<uint32_t>(first + i), index, static_cast<uint32_t>(ngram)});
  }
}

void EvaluationIndex::complete() {
  NgramHashes hashes;
  hashes.assign(words_);
  std::set<uint32_t> lengths;
  for (Ngram& ngram : ngrams_) {
    ngram.hash = hashes(ngram.first, ngram.words);
    lengths.insert(ngram.words);
  }
  lengths_.assign(lengths.begin(), lengths.end());
  // Of equal n-grams in one file the first stays.
  const auto key = [this](const Ngram& ngram) {
    return std::tuple(ngram.hash, ngram.words, texts_[ngram.text].file);
  };
  std::sort(ngrams_.begin(), ngrams_.end(), [&](const Ngram& a, const Ngram& b) {
    return std::tuple(key(a), a.first) < std::tuple(key(b), b.first);
  });
  const auto same = [&](const Ngram& a, const Ngram& b) {
    return key(a) == key(b) && words_of(a) == words_of(b);
  };
  ngrams_.erase(std::unique(ngrams_.begin(), ngrams_.end(), same), ngrams_.end());
  const int bits = std::max(6, static_cast<int>(std::bit_width(ngrams_.size())) + 4);
  filter_shift_ = 64 - bits;
  filter_.assign(size_t{1} << (bits - 6), 0);
  for (const Ngram& ngram : ngrams_) {
    const uint64_t bit = ngram.hash >> filter_shift_;
    filter_[bit / 64] |= uint64_t{1} << bit % 64;
  }
}

std::map<uint32_t, EvaluationIndex::Hit> EvaluationIndex::find(const Words& words,
                                                               const NgramHashes& hashes) const {
  std::map<uint32_t, Hit> hits;
  for (size_t first = 0; first < words.size(); ++first) {
    for (const uint32_t length : lengths_) {
      if (first + length > words.size()) break;
      const uint64_t hash = hashes(first, length);
      if (!may_hold(hash)) continue;
      const auto begin =
          std::lower_bound(ngrams_.begin(), ngrams_.end(), hash,
                           [](const Ngram& ngram, uint64_t value) { return ngram.hash < value; });
      for (auto ngram = begin; ngram != ngrams_.end() && ngram->hash == hash; ++ngram) {
        if (words_of(*ngram) != words.span(first, length)) continue;
        Hit& hit = hits[ngram->text];
        if (hit.ngrams++ == 0) hit.words = words_of(*ngram);
      }
    }
  }
  return hits;
}

}  // namespace rexbert::curate
