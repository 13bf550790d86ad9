#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace rexbert::curate {

// Phrases that speak alike for or against e-commerce.
//
// `phrases` are lower-case, separated by '|' and white space around it. Their words are tokens of a
// line (line_tokens.h); "#" stands for any number, "^" for the line's start.
struct LexiconGroup {
  std::string_view name;
  double log_odds;    // of one phrase
  double cap;         // most of what all phrases of the group give a line, above 0
  bool with_plurals;  // the last words may also stand in the plural
  std::string_view phrases;
};

// Words of shops, offers, reviews and guides.
std::span<const LexiconGroup> commerce_lexicon();
// What products are, are made of and are called.
std::span<const LexiconGroup> product_lexicon();
// Words of everything else.
std::span<const LexiconGroup> other_lexicon();

// Keys of "key: value" lines that name a property of a product or an offer, and those that do not.
std::vector<std::string_view> product_keys();
std::vector<std::string_view> other_keys();

// The phrases of a group, white space trimmed.
std::vector<std::string_view> split_phrases(std::string_view phrases);

}  // namespace rexbert::curate
