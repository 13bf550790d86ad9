#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::datasets {

// Names of classes. The id of a class is its place in the list.
class LabelSet {
 public:
  LabelSet() = default;
  // Throws Error(kUsage) for a name that is empty or comes twice.
  explicit LabelSet(std::vector<std::string> names);

  int size() const { return static_cast<int>(names_.size()); }
  const std::string& name(int id) const { return names_[static_cast<size_t>(id)]; }
  std::optional<int> find(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }

 private:
  std::vector<std::string> names_;
};

}  // namespace rexbert::datasets
