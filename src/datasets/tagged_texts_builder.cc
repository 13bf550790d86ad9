#include "datasets/tagged_texts_builder.h"

#include <utility>

#include "rexbert/core/strings.h"

namespace rexbert::datasets {

void TaggedTextsBuilder::check_tag(const LineReader& lines, std::string_view tag) {
  const bool has_type = tag.size() > 2 && (tag.starts_with("B-") || tag.starts_with("I-"));
  if (!has_type && tag != "O") lines.fail("a tag O, B-type or I-type", str_quote(tag));
  if (given_ != nullptr && !given_->find(tag)) {
    lines.fail(str_cat("a tag of ", str_join(given_->names(), ", ")), str_quote(tag));
  }
  if (has_type) {
    known_.insert(str_cat("B", tag.substr(1)));
    known_.insert(str_cat("I", tag.substr(1)));
  }
}

void TaggedTextsBuilder::add(TaggedText text, std::vector<std::string> tags) {
  texts_.push_back(std::move(text));
  tags_.push_back(std::move(tags));
}

TaggedTexts TaggedTextsBuilder::finish(const LineReader& lines) {
  if (texts_.empty()) lines.fail("at least one text", "none");
  TaggedTexts result;
  result.tags = given_ != nullptr ? *given_ : LabelSet({known_.begin(), known_.end()});
  result.texts = std::move(texts_);
  for (size_t i = 0; i < tags_.size(); ++i) {
    for (const std::string& tag : tags_[i]) {
      result.texts[i].tags.push_back(result.tags.find(tag).value());
    }
  }
  return result;
}

}  // namespace rexbert::datasets
