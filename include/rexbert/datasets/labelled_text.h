#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/datasets/label_set.h"

namespace rexbert::datasets {

struct LabelledText {
  std::string text;
  int label = 0;      // id in LabelledTexts::labels
  uint64_t line = 0;  // 1-based
};

struct LabelledTexts {
  LabelSet labels;
  std::vector<LabelledText> texts;
};

// Lines {"text": ..., "category": ..., "split": ...}: those of one split, or all, whose "split" is
// then not looked at, for an empty one. The labels are those given, as they are of a trained model,
// and then another is an error; else the categories of the lines taken, sorted. Throws
// Error(kCorrupt) "file:line: expected ..., got ..." for what is not so.
LabelledTexts read_labelled_texts(Env& env, const fs::path& path, std::string_view split,
                                  const LabelSet* labels = nullptr);

}  // namespace rexbert::datasets
