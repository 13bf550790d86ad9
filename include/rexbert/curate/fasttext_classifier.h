#pragma once

#include <cstdint>

#include "rexbert/curate/line_classifier.h"

namespace rexbert::curate {

struct FastTextOptions {
  // Numbers a word, and a pair of words, is turned into. Default 24.
  int dimension = 24;
  // Passes over the labelled lines. Default 10.
  int epochs = 10;
  // Default 0.5, falling to 0 over the passes.
  double learning_rate = 0.5;
  // Runs of up to so many words have a vector of their own. Default 2.
  int word_ngrams = 2;
  // Rows that runs of words share by their hash. Default 2^18. Cost: 4 bytes x dimension each
  // before quantization.
  int buckets = 1 << 18;
  // A word that fewer labelled lines hold is not learnt. Default 2.
  int minimum_count = 2;
  // Vectors are stored by product quantization (Jegou et al. 2011). Default on.
  bool quantize = true;
  // A larger model is an error. Default 50 MB.
  uint64_t most_bytes = 50'000'000;
  uint64_t seed = 17;
};

// fastText (Joulin et al., "Bag of tricks for efficient text classification", 2016): a linear
// classifier over bags of word vectors, of what append_line_features() writes for each line alone.
// A classifier's file is a fastText binary with the labels __label__ecommerce and __label__other;
// load() takes any supervised model of these.
class FastTextLearner : public LineLearner {
 public:
  FastTextLearner(Env& env, const FastTextOptions& options) : env_(env), options_(options) {}

  // Learns in one thread, so that the same tasks give the same bytes. Error(kIncompatible) for a
  // model above options.most_bytes.
  std::unique_ptr<LineClassifier> train(std::span<const LabelTask* const> tasks,
                                        const fs::path& scratch) const override;
  std::unique_ptr<LineClassifier> load(const fs::path& base) const override;
  const char* suffix() const override { return ".ftz"; }
  Json settings() const override;

 private:
  Env& env_;
  FastTextOptions options_;
};

}  // namespace rexbert::curate
