#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "datasets/line_reader.h"
#include "rexbert/datasets/tagged_text.h"

namespace rexbert::datasets {

// Takes texts with the names of their tags, and numbers these when all are known.
class TaggedTextsBuilder {
 public:
  explicit TaggedTextsBuilder(const LabelSet* given) : given_(given) {}

  // Throws at the line that `lines` is at for a tag that is none or not among the given ones.
  void check_tag(const LineReader& lines, std::string_view tag);
  // `tags` have been checked.
  void add(TaggedText text, std::vector<std::string> tags);
  // Throws at the end of `lines` when there is no text.
  TaggedTexts finish(const LineReader& lines);

 private:
  const LabelSet* given_;
  std::set<std::string> known_ = {"O"};
  std::vector<TaggedText> texts_;
  std::vector<std::vector<std::string>> tags_;  // of texts_
};

}  // namespace rexbert::datasets
