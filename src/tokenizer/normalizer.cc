#include "tokenizer/normalizer.h"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uniset.h>
#include <unicode/utf8.h>

#include <algorithm>

#include "tokenizer/icu_status.h"
#include "tokenizer/unicode_classes.h"

namespace rexbert::tokenizer {
namespace {

// `tokenizers` normalizes by the tables of Unicode 9. What came later passes through it unchanged,
// as a character that nothing is combined with; all else Unicode promises never to change.
const icu::UnicodeSet& known_points() {
  static const icu::UnicodeSet* const set = [] {
    UErrorCode status = U_ZERO_ERROR;
    auto* made = new icu::UnicodeSet(u"[:age=9.0:]", status);
    check_icu(status, "the set of Unicode 9");
    made->freeze();
    return made;
  }();
  return *set;
}

const icu::Normalizer2& whole_normalizer(NormalForm form) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* found =
      form == NormalForm::kNfc    ? icu::Normalizer2::getNFCInstance(status)
      : form == NormalForm::kNfd  ? icu::Normalizer2::getNFDInstance(status)
      : form == NormalForm::kNfkc ? icu::Normalizer2::getNFKCInstance(status)
                                  : icu::Normalizer2::getNFKDInstance(status);
  check_icu(status, "a normal form");
  return *found;
}

// True where no character of the text can change in any text: those below U+0300 in NFC, ASCII in
// the others.
bool is_plain(NormalForm form, std::string_view text) {
  const uint8_t end = form == NormalForm::kNfc ? 0xCC : 0x80;
  return std::all_of(text.begin(), text.end(),
                     [end](char byte) { return static_cast<uint8_t>(byte) < end; });
}

std::string normal_form(NormalForm form, std::string_view text) {
  const icu::FilteredNormalizer2 normalizer(whole_normalizer(form), known_points());
  std::string out;
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode status = U_ZERO_ERROR;
  normalizer.normalizeUTF8(0, {text.data(), static_cast<int32_t>(text.size())}, sink, nullptr,
                           status);
  check_icu(status, "normalization");
  return out;
}

void append_utf8(uint32_t point, std::string& out) {
  char bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, point);
  out.append(bytes, static_cast<size_t>(size));
}

// Character by character, without looking at its neighbours, as Rust's char::to_lowercase() does.
std::string lowercase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Character character = character_at(text, at);
    if (character.point == 0x130) {  // the only one that becomes two
      out.append("i\u0307");
    } else {
      append_utf8(static_cast<uint32_t>(u_tolower(static_cast<UChar32>(character.point))), out);
    }
    at += character.size;
  }
  return out;
}

}  // namespace

std::string_view Normalizer::apply(std::string_view text, std::string& buffer) const {
  for (const NormalForm step : steps_) {
    if (step == NormalForm::kLowercase) {
      buffer = lowercase(text);
    } else if (is_plain(step, text)) {
      continue;
    } else {
      buffer = normal_form(step, text);
    }
    text = buffer;
  }
  return text;
}

}  // namespace rexbert::tokenizer
