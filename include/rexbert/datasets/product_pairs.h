#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::datasets {

// How well a product answers a query (Reddy et al., "Shopping queries dataset: a large-scale ESCI
// benchmark for improving product search", 2022).
enum class EsciLabel { kExact, kSubstitute, kComplement, kIrrelevant };

// Similarity to train towards and gain in a ranking: 1.0, 0.66, 0.33, 0.0.
double esci_gain(EsciLabel label);

struct ProductPair {
  std::string query;
  std::string product_id;
  std::string title;
  EsciLabel label = EsciLabel::kIrrelevant;
  uint64_t line = 0;  // 1-based
};

struct ProductPairs {
  std::vector<ProductPair> pairs;
  // For each query, in the order in which they come first, the places of its pairs.
  std::vector<std::vector<size_t>> by_query;
};

// Lines {"query", "product_id", "title", "label": "E", "S", "C" or "I", "split"}: those of one
// split, or all, whose "split" is then not looked at, for an empty one. Throws Error(kCorrupt)
// "file:line: expected ..., got ..." for what is not so.
ProductPairs read_product_pairs(Env& env, const fs::path& path, std::string_view split);

}  // namespace rexbert::datasets
