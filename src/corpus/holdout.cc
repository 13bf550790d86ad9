#include "corpus/holdout.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert::corpus {
namespace {

[[noreturn]] void refuse_holdout(std::string_view text) {
  throw Error(
      ErrorCode::kUsage,
      str_cat("holdout: expected a share such as 0.02 or 2%, a count such as 500, or both as "
              "in 2%,2, got ",
              str_quote(text)));
}

double parse_share(std::string_view number, double scale, std::string_view whole) {
  const std::string text(number);
  size_t used = 0;
  double share = -1;
  try {
    share = std::stod(text, &used) * scale;
  } catch (const std::exception&) {
    refuse_holdout(whole);
  }
  if (used != text.size() || !(share > 0 && share < 1)) refuse_holdout(whole);
  return share;
}

}  // namespace

Holdout parse_holdout(std::string_view text) {
  Holdout holdout;
  const size_t comma = text.find(',');
  const std::string_view first = text.substr(0, comma);
  std::string_view count = comma == std::string_view::npos ? "" : text.substr(comma + 1);
  if (first.ends_with('%')) {
    holdout.share = parse_share(first.substr(0, first.size() - 1), 0.01, text);
  } else if (first.find('.') != std::string_view::npos) {
    holdout.share = parse_share(first, 1.0, text);
  } else if (comma == std::string_view::npos) {
    count = first;
  } else {
    refuse_holdout(text);
  }
  if (count.empty() && (comma != std::string_view::npos || holdout.share == 0))
    refuse_holdout(text);
  if (!count.empty()) {
    const auto value = parse_count(count);
    if (!value || *value <= 0) refuse_holdout(text);
    holdout.at_least = *value;
  }
  return holdout;
}

HoldoutRule::HoldoutRule(const Holdout& holdout, std::optional<HoldoutCut> cut)
    : seed_(holdout.seed),
      by_share_(holdout.share > 0),
      share_end_(static_cast<uint64_t>(std::ldexp(holdout.share, 64))),
      cut_(cut) {}

uint64_t HoldoutRule::key(std::string_view id) const {
  return KeyedRng(seed_, Purpose::kHoldout, hash64(id)).next_u64();
}

Split HoldoutRule::split(std::string_view id, const Position& position) const {
  if (!by_share_ && !cut_) return Split::kTrain;
  const uint64_t drawn = key(id);
  const bool held =
      (by_share_ && drawn < share_end_) || (cut_ && HoldoutCut{drawn, position} <= *cut_);
  return held ? Split::kValidation : Split::kTrain;
}

HoldoutCut find_holdout_cut(Env& env, const std::vector<fs::path>& files,
                            const text::MapOptions& options, const Holdout& holdout,
                            const text::OnBadLine& on_bad_line,
                            const std::function<void()>& on_progress) {
  const auto wanted = static_cast<size_t>(holdout.at_least);
  const HoldoutRule rule(holdout, std::nullopt);
  std::priority_queue<HoldoutCut> smallest;  // the largest of them on top
  uint64_t documents = 0;
  text::map_documents<std::vector<HoldoutCut>>(
      env, files, options, on_bad_line,
      [&rule] {
        return [&rule](const text::Document& document, std::vector<HoldoutCut>& cuts) {
          cuts.push_back({rule.key(document.id), {document.file_index, document.line}});
        };
      },
      [&](std::vector<HoldoutCut>&& cuts) {
        documents += cuts.size();
        for (const HoldoutCut& cut : cuts) {
          if (smallest.size() == wanted && smallest.top() < cut) continue;
          smallest.push(cut);
          if (smallest.size() > wanted) smallest.pop();
        }
        on_progress();
      });
  if (documents <= wanted) {
    throw Error(ErrorCode::kUsage, str_cat("holdout: expected more documents than the ", wanted,
                                           " to hold out, got ", documents));
  }
  return smallest.top();
}

}  // namespace rexbert::corpus
