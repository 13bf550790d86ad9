#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "corpus/journal.h"
#include "rexbert/core/env.h"
#include "rexbert/corpus/tokenize.h"
#include "rexbert/text/map_documents.h"

namespace rexbert::corpus {

// Decides which split a document belongs to.
class HoldoutRule {
 public:
  // `cut` is what find_holdout_cut() gave for `holdout`; nothing without a count.
  HoldoutRule(const Holdout& holdout, std::optional<HoldoutCut> cut);

  uint64_t key(std::string_view id) const;
  Split split(std::string_view id, const Position& position) const;

 private:
  uint64_t seed_;
  bool by_share_;
  uint64_t share_end_;  // keys below it are held out
  std::optional<HoldoutCut> cut_;
};

// Reads all of `files` and returns the holdout.at_least-th smallest (key, position). Throws
// Error(kUsage) unless there are more documents than that.
HoldoutCut find_holdout_cut(Env& env, const std::vector<fs::path>& files,
                            const text::MapOptions& options, const Holdout& holdout,
                            const text::OnBadLine& on_bad_line,
                            const std::function<void()>& on_progress);

}  // namespace rexbert::corpus
