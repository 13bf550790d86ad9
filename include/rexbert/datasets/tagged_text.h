#pragma once

// datasets: labelled examples for fine-tuning and evaluation, from files.
//
// Readers return plain structs. What is not as its format says is an Error(kCorrupt) "file:line:
// expected ..., got ..."; a file may be compressed (.zst, .zstd or .gz), begin with a byte order
// mark and end its lines with "\r\n". Nothing is known here of tokenizers.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/datasets/label_set.h"

namespace rexbert::datasets {

// Bytes [begin, end) of a text.
struct Word {
  size_t begin = 0;
  size_t end = 0;

  bool operator==(const Word&) const = default;
};

struct TaggedText {
  std::string text;
  std::vector<Word> words;  // in order, apart, none empty
  std::vector<int> tags;    // one a word: ids in TaggedTexts::tags
  uint64_t line = 0;        // 1-based line at which it begins
};

struct TaggedTexts {
  LabelSet tags;
  std::vector<TaggedText> texts;
  uint64_t dropped_spans = 0;  // by read_attribute_spans()
};

// The readers below take the set of tags that is given, as one is that belongs to a trained model;
// then another tag is an error. Else the set is O with B-x and I-x for each type x of the file,
// sorted.

// Lines {"tokens": [...], "tags": [...]} as QueryNER has them (Palen-Michel et al. 2024), one tag
// of O, B-x and I-x for each token. The text is the tokens with blanks between them. An I-x need
// not follow a B-x.
TaggedTexts read_bio_json(Env& env, const fs::path& path, const LabelSet* tags = nullptr);

// Lines of a word and its tag with a tab or a blank between them, as conlleval reads them; an empty
// line ends a text.
TaggedTexts read_conll(Env& env, const fs::path& path, const LabelSet* tags = nullptr);

// Lines {"title": ..., "spans": [{"start", "end", "attribute"}, ...]} as AE-110K has them (Xu et
// al., "Scaling up open tagging from tens to thousands", 2019): characters [start, end) of the
// title, in code points, are a value of the attribute. Words are those of split_words(), and become
// BIO so:
//
// - A span is given every word that it overlaps: the first is B-attribute, the rest I-attribute.
// - Spans whose words were given to another are dropped and counted. Longer spans are served first;
//   of equal length the one that begins first, then by attribute.
TaggedTexts read_attribute_spans(Env& env, const fs::path& path, const LabelSet* tags = nullptr);

// A word is a run of ASCII letters, digits and characters outside of ASCII; each other character is
// a word of its own, but for white space and control characters, which are in none.
std::vector<Word> split_words(std::string_view text);

}  // namespace rexbert::datasets
