#pragma once

#include <array>
#include <string>
#include <string_view>

#include "corpus/grammar.h"

namespace rexbert::corpus {

// One shelf of the shop: what is sold there, in which units, at which prices, with which words.
// Lists have commas between their entries; "|" separates alternatives in patterns as in grammar.h.
struct ProductCategory {
  std::string_view department;
  std::string_view nouns;
  std::string_view styles;  // words before the noun
  std::string_view unit;    // of the size: "ml", "in", "W"
  std::string_view sizes;   // usual sizes in that unit
  std::string_view materials;
  std::string_view attribute;  // the category's own attribute, and its values
  std::string_view values;
  int64_t price_cents;          // of the middle size in the middle tier
  std::string_view model_stem;  // letters that model numbers of the category share
  std::array<std::string_view, 6> features;
  std::array<std::string_view, 3> questions;  // "question? answer"
};

const std::array<ProductCategory, 14>& product_categories();

// Product record `number`: title, bullets, attributes, price, sometimes a question or a review.
std::string write_product(uint64_t seed, uint64_t number, Draw& draw);

}  // namespace rexbert::corpus
