#pragma once

#include <cstddef>
#include <limits>
#include <span>

namespace rexbert::metrics {

// The normalized discounted cumulative gain of one query's items, ranked by descending score:
//
//   DCG@k = sum_{r = 1..k} gain(item at rank r) / log2(r + 1),    nDCG@k = DCG@k / best DCG@k
//
// from 0 to 1; 0 where no item has a gain. Items of equal score share the mean of their gains
// (McSherry and Najork, "Computing information retrieval performance measures efficiently in the
// presence of tied scores", 2008), so that the order of the items never matters. This is ndcg_score
// of scikit-learn 1.9.1, which refuses a single item, whose value here is 1 or 0.
//
// Throws Error(kUsage) for lists of different lengths or without an item, a gain that is negative
// or not finite and a cut-off of 0, Error(kNumeric) for a score that is not finite.
double ndcg(std::span<const double> gains, std::span<const double> scores,
            size_t cutoff = std::numeric_limits<size_t>::max());

}  // namespace rexbert::metrics
