#include "curate/main_text.h"

#include <algorithm>

namespace rexbert::curate {
namespace {

enum class Kind { kText, kShort, kLinks };

Kind kind_of(const HtmlBlock& block, const MainTextOptions& options) {
  const auto size = static_cast<double>(block.text.size());
  if (block.link_bytes > options.max_link_density * size) return Kind::kLinks;
  return block.text.size() >= options.min_block_bytes ? Kind::kText : Kind::kShort;
}

}  // namespace

std::string main_text(const std::vector<HtmlBlock>& blocks, const MainTextOptions& options) {
  std::vector<Kind> kinds;
  for (const HtmlBlock& block : blocks) kinds.push_back(kind_of(block, options));
  std::string text;
  const auto keep = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (!text.empty()) text += '\n';
      text += blocks[i].text;
    }
  };
  // Run by run of blocks of one kind.
  for (size_t begin = 0, end = 0; begin < blocks.size(); begin = end) {
    end = begin;
    while (end < blocks.size() && kinds[end] == kinds[begin]) ++end;
    if (kinds[begin] == Kind::kText) keep(begin, end);
    if (kinds[begin] != Kind::kShort) continue;
    const bool before = begin > 0 && kinds[begin - 1] == Kind::kText;
    const bool behind = end < blocks.size() && kinds[end] == Kind::kText;
    const size_t reach = std::min<size_t>(options.reach, end - begin);
    if (before && behind) {
      keep(begin, end);
    } else if (before) {
      keep(begin, begin + reach);
    } else if (behind) {
      keep(end - reach, end);
    }
  }
  return text;
}

}  // namespace rexbert::curate
