#pragma once

#include <span>
#include <vector>

namespace rexbert::metrics {

// sum_i (x_i - mean x)(y_i - mean y) / (|x - mean x| |y - mean y|), from -1 to 1. NaN where one
// list is constant or holds a value that is not finite (pearsonr of scipy 1.17.1). Throws
// Error(kUsage) for lists of different lengths and for fewer than two values.
double pearson(std::span<const double> x, std::span<const double> y);

// Pearson's coefficient of the mid-ranks, from -1 to 1. NaN where one list is constant or holds a
// NaN; infinities have ranks like other values (spearmanr of scipy 1.17.1). Throws as pearson()
// does, where scipy gives NaN for fewer than two values.
double spearman(std::span<const double> x, std::span<const double> y);

// The place of each value in ascending order, from 1; equal values share the mean of their places
// (rankdata of scipy 1.17.1). No value may be NaN.
std::vector<double> mid_ranks(std::span<const double> values);

}  // namespace rexbert::metrics
