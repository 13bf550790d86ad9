#pragma once

#include <string>
#include <vector>

#include "rexbert/core/json.h"

namespace rexbert::metrics::test {

// Compares this module with a reference on a document that tools/oracle/metric_cases.py made:
//
//   [{"kind": ..., "input": {...}, "expected": {...}}, ...]
//
// A null stands for NaN, and "refused" for an Error. Returns one line for each value that differs.
std::vector<std::string> differences(const Json& cases);

}  // namespace rexbert::metrics::test
