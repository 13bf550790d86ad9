#include "rexbert/datasets/label_set.h"

#include <algorithm>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::datasets {

LabelSet::LabelSet(std::vector<std::string> names) : names_(std::move(names)) {
  for (size_t i = 0; i < names_.size(); ++i) {
    if (names_[i].empty() || find(names_[i]) != static_cast<int>(i)) {
      throw Error(ErrorCode::kUsage,
                  str_cat("label ", i, ": expected a name that is not empty and ",
                          "comes once, got ", str_quote(names_[i])));
    }
  }
}

std::optional<int> LabelSet::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<int>(found - names_.begin());
}

}  // namespace rexbert::datasets
