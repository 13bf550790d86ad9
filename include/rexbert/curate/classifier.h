#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::curate {

struct ClassifierOptions {
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

// A line as append_line_features() writes it, and whether it is e-commerce.
struct LabelledLine {
  std::string features;
  bool ecommerce = false;
};

// A linear classifier over bags of word vectors: fastText (Joulin et al., "Bag of tricks for
// efficient text classification", 2016).
class LineClassifier {
 public:
  // Learns in one thread, so that the same lines in the same order give the same bytes. `lines`
  // hold both kinds. Works in `scratch`, a folder that is made and removed. Error(kUsage) for lines
  // of one kind only, Error(kIncompatible) for a model above options.most_bytes.
  static LineClassifier train(Env& env, const std::vector<LabelledLine>& lines,
                              const ClassifierOptions& options, const fs::path& scratch);
  // Reads what save() wrote, or any supervised fastText model with the labels __label__ecommerce
  // and
  // __label__other. Error(kNotFound), Error(kCorrupt), Error(kIncompatible) for other labels.
  static LineClassifier load(Env& env, const fs::path& path);

  LineClassifier(LineClassifier&&) noexcept;
  LineClassifier& operator=(LineClassifier&&) noexcept;
  ~LineClassifier();

  // Publishes the model as a fastText binary (.ftz, or .bin without quantization).
  void save(Env& env, const fs::path& path) const;

  // ln(p / (1 - p)) of e-commerce, p held between 1e-5 and 1 - 1e-5; 0 for a line without words.
  // May be called by many threads.
  double log_odds(std::string_view features) const;

 private:
  struct Impl;
  explicit LineClassifier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rexbert::curate
