#pragma once

#include <span>
#include <vector>

namespace rexbert {

// Of an even number of values, the mean of the middle two. `values` is not empty.
double median(std::vector<double> values);

// NaN of no values.
double mean(std::span<const double> values);

// sqrt(sum_i (x_i - mean)^2 / (n - 1)), as of runs with other seeds; NaN of fewer than two values.
double sample_standard_deviation(std::span<const double> values);

}  // namespace rexbert
