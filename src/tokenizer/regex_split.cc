#include "tokenizer/regex_split.h"

#include <unicode/regex.h>

#include <string>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "tokenizer/icu_status.h"

namespace rexbert::tokenizer {
struct RegexSplit::Impl {
  std::unique_ptr<icu::RegexPattern> pattern;
  bool removed = false;
  bool invert = false;
};

RegexSplit::RegexSplit(const SplitStep& step, std::string_view source) {
  auto impl = std::make_unique<Impl>();
  UErrorCode status = U_ZERO_ERROR;
  UParseError where;
  // As in Oniguruma's Ruby syntax, ^ and $ are the ends of any line.
  impl->pattern.reset(icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(step.pattern),
                                                 UREGEX_MULTILINE, where, status));
  if (U_FAILURE(status)) {
    throw Error(ErrorCode::kIncompatible,
                str_cat(source, ": expected a regular expression that ICU takes, got ",
                        str_quote(step.pattern, 300), ": ", u_errorName(status), " at character ",
                        where.offset));
  }
  impl->removed = step.removed;
  impl->invert = step.invert;
  impl_ = std::move(impl);
}

RegexSplit::~RegexSplit() = default;
RegexSplit::RegexSplit(RegexSplit&&) noexcept = default;

void RegexSplit::split(std::string_view text,
                       const std::function<void(std::string_view)>& each) const {
  const auto units = icu::UnicodeString::fromUTF8({text.data(), static_cast<int32_t>(text.size())});
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::RegexMatcher> matcher(impl_->pattern->matcher(units, status));
  check_icu(status, "a regular expression");
  std::string piece;
  const auto put = [&](int32_t begin, int32_t end, bool found) {
    if (begin == end || (impl_->removed && found != impl_->invert)) return;
    piece.clear();
    units.tempSubStringBetween(begin, end).toUTF8String(piece);
    each(piece);
  };
  int32_t at = 0;
  while (matcher->find(status)) {
    const int32_t begin = matcher->start(status);
    const int32_t end = matcher->end(status);
    put(at, begin, false);
    put(begin, end, true);
    at = end;
  }
  check_icu(status, "a regular expression");
  put(at, units.length(), false);
}

}  // namespace rexbert::tokenizer
