#pragma once

#include <vector>

namespace rexbert {

// Of an even number of values, the mean of the middle two. `values` is not empty.
double median(std::vector<double> values);

}  // namespace rexbert
