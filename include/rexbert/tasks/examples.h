#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/datasets/glue.h"
#include "rexbert/datasets/label_set.h"
#include "rexbert/datasets/labelled_text.h"
#include "rexbert/datasets/product_pairs.h"
#include "rexbert/datasets/tagged_text.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::tasks {

// What a head is trained for.
enum class Goal { kTagging, kClassification, kRegression, kSimilarity };

// A labelled example as the encoder reads it.
struct Example {
  // [CLS] text [SEP], or [CLS] text [SEP] text [SEP]. kSimilarity has two, the query's and the
  // product's, else there is one.
  std::vector<std::vector<int32_t>> sequences;
  std::vector<int32_t> words;  // kTagging: place in the sequence of each word's first token
  std::vector<int> tags;       // kTagging: of all words, those too that were cut off
  int label = 0;               // kClassification
  double target = 0;           // kRegression: the score; kSimilarity: what the cosine is to be like
  double gain = 0;             // kSimilarity: in a ranking
  int64_t group = 0;           // kSimilarity: examples of one query share it
  uint64_t line = 0;           // of the file, 1-based

  int64_t tokens() const;
};

struct Split {
  std::string name;
  std::vector<Example> examples;
  int64_t cut = 0;  // examples that lost tokens to the limit
};

// The examples of one task.
struct TaskData {
  Goal goal = Goal::kClassification;
  datasets::LabelSet labels;  // classes, or tags of kTagging
  Split train;
  // What hyper-parameters are chosen by; none: a share of `train` that is held out for it.
  std::optional<Split> validation;
  std::vector<Split> tests;
  // Of GLUE; empty: the measures of the goal.
  std::vector<datasets::GlueMetric> metrics;

  // Numbers that a head puts out: of each token or sequence; 0 for kSimilarity, which has no head.
  int64_t outputs() const;
};

// Texts become token sequences of at most `max_tokens`, special tokens included.
class ExampleEncoder {
 public:
  ExampleEncoder(tokenizer::Tokenizer tokenizer, int64_t max_tokens);

  // Words are encoded one at a time, each as if a space stood before it, as transformers does with
  // is_split_into_words; a word without any token gets [UNK]. Words that do not fit as a whole are
  // cut off; the first one is shortened.
  Split tagged(std::string name, const std::vector<datasets::TaggedText>& texts) const;
  Split labelled(std::string name, const std::vector<datasets::LabelledText>& texts) const;
  Split pairs(std::string name, const datasets::ProductPairs& pairs) const;
  // Of two texts the longer one is cut first, as transformers' "longest_first" does.
  Split glue(std::string name, const datasets::GlueTask& task,
             const std::vector<datasets::GlueExample>& examples) const;

  const tokenizer::Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  // True where something was cut off.
  bool encode(std::string_view first, std::string_view second, bool is_pair,
              std::vector<int32_t>& sequence) const;

  tokenizer::Tokenizer tokenizer_;
  int64_t max_tokens_;
  std::string space_;  // before a word: empty where the tokenizer puts one there itself
};

// Moves a share of the training examples out of `data.train`: those that a keyed draw over their
// places picks, the same for every model and seed; of kSimilarity whole groups. Error(kConfig)
// where not at least two are held out and two are left.
Split hold_out(TaskData& data, double share);

}  // namespace rexbert::tasks
