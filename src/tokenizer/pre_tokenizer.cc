#include "tokenizer/pre_tokenizer.h"

#include <unicode/regex.h>

#include <string>
#include <utility>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "tokenizer/unicode_classes.h"

namespace rexbert::tokenizer {
namespace {

constexpr uint8_t kSplitClasses = kLetter | kNumber | kSpace;

uint8_t class_at(std::string_view text, size_t at) {
  return classes_of(character_at(text, at).point) & kSplitClasses;
}

// Bytes of "'s", "'t", "'re", "'ve", "'m", "'ll" or "'d" at the front; 0: none.
size_t contraction(std::string_view text) {
  for (const std::string_view known : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(known)) return known.size();
  }
  return 0;
}

size_t run_end(std::string_view text, size_t at, uint8_t wanted) {
  while (at < text.size() && class_at(text, at) == wanted) at += character_at(text, at).size;
  return at;
}

void check(UErrorCode status, const char* what) {
  if (U_FAILURE(status)) {
    throw Error(ErrorCode::kInternal, str_cat("ICU: ", what, ": ", u_errorName(status)));
  }
}

}  // namespace

size_t gpt2_word_end(std::string_view text) {
  if (text[0] == '\'') {
    if (const size_t size = contraction(text); size > 0) return size;
  }
  const size_t first = text[0] == ' ' ? 1 : 0;
  if (first < text.size()) {
    const uint8_t found = class_at(text, first);
    if (found != kSpace) return run_end(text, first, found);
  }
  // White space: all of it at the end of the text, else all but the last, which may belong to the
  // word behind it, unless it is the only one.
  const size_t end = run_end(text, 0, kSpace);
  if (end == text.size()) return end;
  const size_t last = character_before(text, end);
  return last > 0 ? last : end;
}

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
  check(status, "a regular expression");
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
  check(status, "a regular expression");
  put(at, units.length(), false);
}

}  // namespace rexbert::tokenizer
