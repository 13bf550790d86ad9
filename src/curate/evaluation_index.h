#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "curate/ngram_hashes.h"
#include "rexbert/curate/decontaminate.h"
#include "rexbert/curate/words.h"

namespace rexbert::curate {

// The word n-grams of all evaluation texts. Safe for many threads once it is complete.
class EvaluationIndex {
 public:
  EvaluationIndex(Env& env, const std::vector<EvaluationFile>& files,
                  const DecontaminateOptions& options);

  struct Text {
    uint32_t file;  // index of the evaluation file
    uint32_t field;
    uint64_t line;
  };
  const Text& text(uint32_t index) const { return texts_[index]; }
  size_t texts() const { return texts_.size(); }
  size_t short_texts() const { return short_texts_; }

  struct Hit {
    std::string_view words;  // of the first n-gram of the document, in the evaluation text
    uint64_t ngrams = 0;     // of the document
  };
  // By text, what the words have in common with it.
  std::map<uint32_t, Hit> find(const Words& words, const NgramHashes& hashes) const;

 private:
  struct Ngram {
    uint64_t hash;
    uint32_t first;  // word of words_
    uint32_t text;
    uint32_t words;
  };

  void add(std::string_view text, Text place, const DecontaminateOptions& options);
  void complete();
  std::string_view words_of(const Ngram& ngram) const {
    return words_.span(ngram.first, ngram.words);
  }
  bool may_hold(uint64_t hash) const {
    const uint64_t bit = hash >> filter_shift_;
    return (filter_[bit / 64] >> bit % 64 & 1) != 0;
  }

  Words words_;  // of all texts
  std::vector<Text> texts_;
  size_t short_texts_ = 0;
  std::vector<Ngram> ngrams_;      // by hash
  std::vector<uint32_t> lengths_;  // of n-grams, rising
  // A bit for the first bits of each hash there is, about one in sixteen set.
  std::vector<uint64_t> filter_;
  int filter_shift_ = 0;
};

}  // namespace rexbert::curate
