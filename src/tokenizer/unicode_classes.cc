#include "tokenizer/unicode_classes.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace rexbert::tokenizer {
namespace {

struct Run {
  uint32_t first;
  uint8_t classes;
};

// Each run reaches to the next one's first code point.
constexpr Run kRuns[] = {
#include "tokenizer/unicode_classes.inc"
};
constexpr uint32_t kEnd = 0x110000;

std::vector<uint8_t> make_table() {
  std::vector<uint8_t> table(kEnd);
  for (size_t i = 0; i < std::size(kRuns); ++i) {
    const uint32_t end = i + 1 < std::size(kRuns) ? kRuns[i + 1].first : kEnd;
    std::fill(table.begin() + kRuns[i].first, table.begin() + end, kRuns[i].classes);
  }
  return table;
}

}  // namespace

uint8_t classes_of(uint32_t point) {
  static const std::vector<uint8_t> table = make_table();
  return table[point];
}

}  // namespace rexbert::tokenizer
