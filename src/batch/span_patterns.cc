#include "batch/span_patterns.h"

#include <algorithm>
#include <array>
#include <string>

#include "batch/model_numbers.h"
#include "batch/span_words.h"

namespace rexbert::batch {
namespace {

constexpr size_t kNone = std::string_view::npos;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_ascii_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }

// A word in lower case without a heap allocation; longer words match nothing.
struct LowerWord {
  std::array<char, 16> bytes{};
  size_t size = 0;
  std::string_view view() const { return {bytes.data(), size}; }
};

LowerWord to_lower(std::string_view word) {
  LowerWord result;
  if (word.size() > result.bytes.size()) return result;
  for (const char c : word) result.bytes[result.size++] = lower(c);
  return result;
}

// The parsers below take a position and return the end of what they read there, or kNone.
class Matcher {
 public:
  explicit Matcher(std::string_view text) : text_(text) {}

  std::optional<Span> match() const {
    if (text_.empty()) return std::nullopt;
    const auto found = [](size_t end, SpanKind kind) {
      return Span{0, static_cast<int32_t>(end), kind};
    };
    size_t end = price(0);
    if (end != kNone) return found(end, SpanKind::kPrice);
    end = size(0);
    if (end != kNone) return found(end, SpanKind::kSize);
    end = quantity(0);
    if (end != kNone) return found(end, SpanKind::kQuantity);
    end = model(0);
    if (end != kNone) return found(end, SpanKind::kModelNumber);
    return std::nullopt;
  }

 private:
  bool at(size_t i, std::string_view what) const {
    return i <= text_.size() && text_.substr(i).starts_with(what);
  }
  bool digit_at(size_t i) const { return i < text_.size() && is_digit(text_[i]); }
  size_t skip_space(size_t i) const { return at(i, " ") ? i + 1 : i; }
  // Nothing of the word follows.
  bool ends_at(size_t i) const { return !is_word_at(text_, i); }

  size_t digits(size_t i) const {
    const size_t begin = i;
    while (digit_at(i)) ++i;
    return i == begin ? kNone : i;
  }

  // The run of ASCII letters at i.
  std::string_view letters(size_t i) const {
    size_t end = i;
    while (end < text_.size() && is_ascii_letter(text_[end])) ++end;
    return text_.substr(std::min(i, text_.size()), end - i);
  }

  size_t fraction_sign(size_t i) const {
    for (const std::string_view sign : {"\u00BC", "\u00BD", "\u00BE"}) {
      if (at(i, sign)) return i + sign.size();
    }
    return kNone;
  }

  // "12", "1,000", "5.5", ".5", "1/2", "1 1/2", "1-1/2", "1½".
  size_t number(size_t i) const {
    if (at(i, ".")) return digits(i + 1);
    const size_t sign = fraction_sign(i);
    if (sign != kNone) return sign;
    size_t end = digits(i);
    if (end == kNone) return kNone;
    while (at(end, ",") && digits(end + 1) == end + 4) end += 4;
    if (at(end, ".") && digit_at(end + 1)) return digits(end + 1);
    if (const size_t half = fraction_sign(end); half != kNone) return half;
    if (at(end, "/") && digit_at(end + 1)) return digits(end + 1);
    if (at(end, " ") || at(end, "-")) {
      const size_t top = digits(end + 1);
      if (top != kNone && at(top, "/") && digit_at(top + 1)) return digits(top + 1);
    }
    return end;
  }

  // "5", "5-10", "5 - 10", "5 to 10".
  size_t range(size_t i) const {
    const size_t end = number(i);
    if (end == kNone) return kNone;
    for (const std::string_view dash : {"-", "\u2013", " - ", " \u2013 ", " to "}) {
      if (!at(end, dash)) continue;
      const size_t second = number(end + dash.size());
      if (second != kNone) return second;
    }
    return end;
  }

  // `number_begin`: where the number in front of the sign begins.
  size_t unit_sign(size_t i, size_t number_begin) const {
    // 'in "Hits of 1984"' is no measure.
    if (at(i, "\"") && digits(number_begin) == number_begin + 4 && i == number_begin + 4) {
      return kNone;
    }
    for (const std::string_view sign :
         {"\"", "''", "\u201D", "\u2033", "%", "\u00B0F", "\u00B0C", "\u00B0", "\u2032"}) {
      if (at(i, sign) && ends_at(i + sign.size())) return i + sign.size();
    }
    if ((at(i, "'") || at(i, "\u2019")) && !is_letter_at(text_, i + (at(i, "'") ? 1 : 3))) {
      return i + (at(i, "'") ? 1 : 3);
    }
    return kNone;
  }

  // "fl oz", "fl. oz.", "sq ft", "cubic feet": the second word's end.
  size_t compound_unit(size_t i, std::string_view first) const {
    const std::string_view heads[] = {"cu", "cubic", "fl", "fluid", "sq", "square"};
    if (std::find(std::begin(heads), std::end(heads), first) == std::end(heads)) return kNone;
    size_t next = i + first.size();
    if (at(next, ".")) ++next;
    next = skip_space(next);
    const std::string_view second = letters(next);
    return is_unit(to_lower(second).view()) ? next + second.size() : kNone;
  }

  // "10 in" ends a measure; "5 in the morning", "3-in-1" and "12 in 2019" do not.
  bool is_preposition(size_t after) const {
    if (at(after, "-")) return true;
    if (!at(after, " ")) return false;
    if (at(after, " x ") || at(after, " X ") || at(after, " by ")) return false;
    return is_word_at(text_, after + 1);
  }

  size_t unit_word(size_t i, bool spaced, bool whole_number) const {
    const std::string_view word = letters(i);
    const LowerWord low = to_lower(word);
    if (const size_t end = compound_unit(i, low.view()); end != kNone) return end;
    size_t end = i + word.size();
    if (at(end, "/")) {
      const std::string_view rest = letters(end + 1);
      const LowerWord both = to_lower(text_.substr(i, word.size() + 1 + rest.size()));
      if (is_unit(both.view())) return end + 1 + rest.size();
    }
    if (word.empty() || !ends_at(end)) return kNone;
    if (word.size() == 1) {
      return is_letter_unit(word[0], spaced) && !at(end, "'") && !at(end, "\u2019") ? end : kNone;
    }
    if (!is_unit(low.view()) || low.view() == "fl") return kNone;
    if (spaced && whole_number && low.view() == "in" && is_preposition(end)) return kNone;
    if (low.view() == "in" && at(end, "-")) return kNone;
    return end;
  }

  // The unit behind a number that ends at i: glued, behind a space or behind a hyphen.
  size_t unit(size_t i, size_t number_begin, bool whole_number) const {
    if (const size_t sign = unit_sign(i, number_begin); sign != kNone) return sign;
    if (const size_t glued = unit_word(i, false, whole_number); glued != kNone) return glued;
    if (at(i, " ") || at(i, "-")) {
      if (at(i, " \u00B0") || at(i, " %")) return unit_sign(i + 1, number_begin);
      return unit_word(i + 1, true, whole_number);
    }
    return kNone;
  }

  // The x of "10 x 12", if a number follows: that number's begin.
  size_t times(size_t i) const {
    const size_t sign = skip_space(i);
    for (const std::string_view x : {"x", "X", "\u00D7", "*"}) {
      if (at(sign, x) && digit_at(skip_space(sign + x.size()))) return skip_space(sign + x.size());
    }
    return at(i, " by ") && digit_at(i + 4) ? i + 4 : kNone;
  }

  size_t pack(size_t i) const {
    const std::string_view word = letters(i);
    const size_t of = i + word.size();
    if (word.empty() || (!at(of, " of ") && !at(of, " Of "))) return kNone;
    if (!is_pack_word(to_lower(word).view())) return kNone;
    const size_t end = digits(of + 4);
    return end != kNone && ends_at(end) ? end : kNone;
  }

  size_t quantity(size_t i) const {
    if (const size_t end = pack(i); end != kNone) return end;
    size_t end = range(i);
    if (end == kNone) return kNone;
    bool measured = false;
    bool whole = number(i) == digits(i) && number(i) == end;
    for (size_t factor = i; factor != kNone; factor = times(end)) {
      if (factor != i) {
        end = number(factor);
        measured = true;
        whole = false;
      }
      const size_t with_unit = unit(end, factor, whole);
      if (with_unit == kNone) continue;
      end = with_unit;
      measured = true;
      // Feet and inches: 5'10".
      if (digit_at(end) && (text_[end - 1] == '\'')) {
        const size_t inches = number(end);
        const size_t sign = unit_sign(inches, end);
        end = sign == kNone ? inches : sign;
      }
    }
    return measured && ends_at(end) ? end : kNone;
  }

  size_t currency_sign(size_t i) const {
    constexpr std::string_view kFirst = "$UCA\xE2\xC2";
    if (i >= text_.size() || kFirst.find(text_[i]) == kNone) return kNone;
    for (const std::string_view sign :
         {"$", "US$", "CA$", "C$", "A$", "AU$", "\u20AC", "\u00A3", "\u00A5", "\u20B9"}) {
      if (at(i, sign)) return i + sign.size();
    }
    return kNone;
  }

  size_t price(size_t i) const {
    size_t amount = currency_sign(i);
    if (amount == kNone) {
      const std::string_view code = letters(i);
      if (code.size() == 3 && is_currency_code(code) && at(i + code.size(), " "))
        amount = i + code.size();
    }
    if (amount != kNone) return marked_price(skip_space(amount));
    const size_t end = range(i);
    if (end == kNone) return kNone;
    if (const size_t sign = currency_sign(skip_space(end)); sign != kNone && ends_at(sign)) {
      return sign;
    }
    const std::string_view word = letters(skip_space(end));
    const size_t after = skip_space(end) + word.size();
    return is_currency_word(to_lower(word).view()) && ends_at(after) ? after : kNone;
  }

  // Behind the currency sign: "19.99", "10-20", "10 - $20", "19.99 USD".
  size_t marked_price(size_t i) const {
    size_t end = number(i);
    if (end == kNone) return kNone;
    for (const std::string_view dash : {"-", "\u2013", " - ", " \u2013 ", " to "}) {
      if (!at(end, dash)) continue;
      const size_t sign = currency_sign(end + dash.size());
      const size_t second = number(sign == kNone ? end + dash.size() : sign);
      if (second != kNone && ends_at(second)) {
        end = second;
        break;
      }
    }
    const std::string_view code = letters(skip_space(end));
    if (is_currency_code(code)) end = skip_space(end) + code.size();
    if (end < text_.size() && (lower(text_[end]) == 'k' || lower(text_[end]) == 'm')) ++end;
    return ends_at(end) ? end : kNone;
  }

  // "XL", "X-Large", "S/M", "2XL": letters, digits, hyphens and slashes that make a listed name.
  size_t size_name(size_t i, bool behind_size) const {
    size_t end = i;
    if (digit_at(i) && !at(i + 1, "X") && !at(i + 1, "x")) return kNone;
    while (end < text_.size() && end - i < 12 &&
           (is_ascii_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '-' ||
            text_[end] == '/')) {
      ++end;
    }
    for (size_t stop = end; stop > i; --stop) {
      if (!ends_at(stop) || !is_word_at(text_, stop - 1)) continue;
      const LowerWord low = to_lower(text_.substr(i, stop - i));
      const std::string_view word = low.view();
      const bool numbered =
          word.size() == 3 && word[0] >= '2' && word[0] <= '6' && word.substr(1) == "xl";
      if (numbered || (behind_size ? is_size_value(word) : is_size_name(word))) return stop;
    }
    return kNone;
  }

  size_t size_number(size_t i) const {
    const size_t end = range(i);
    if (end == kNone || end - i > 9) return kNone;
    return ends_at(end) ? end : kNone;
  }

  size_t size(size_t i) const {
    if (const size_t name = size_name(i, false); name != kNone) return name;
    const std::string_view word = letters(i);
    if (word.empty()) return kNone;
    const size_t after = i + word.size();
    const LowerWord low = to_lower(word);
    if (low.view() == "size" || low.view() == "sizes") {
      size_t value = after;
      if (at(value, ":")) ++value;
      if (value == after && !at(value, " ")) return kNone;
      value = skip_space(value);
      if (is_size_system(letters(value))) value = skip_space(value + letters(value).size());
      const size_t named = size_name(value, true);
      if (named != kNone) return named;
      const size_t measure = quantity(value);
      return measure != kNone ? measure : size_number(value);
    }
    if (is_size_system(word)) {
      const size_t value = skip_space(after);
      const size_t end = size_number(value);
      // Highways and years are larger: "US 82", "EU 2020".
      const bool small = digits(value) == value + 1 ||
                         (digits(value) == value + 2 && text_[value] < (word == "EU" ? '6' : '2'));
      return small ? end : kNone;
    }
    if (is_bed_size(low.view()) || low.view() == "one") {
      for (const std::string_view tail : {" size", " Size", "-size", "-Size", " SIZE"}) {
        if (!at(after, tail)) continue;
        const size_t end = after + tail.size();
        if (ends_at(end)) return end;
        if (at(end, "d") && ends_at(end + 1)) return end + 1;
      }
    }
    return kNone;
  }

  size_t model(size_t i) const {
    if (const size_t end = model_number_end(text_, i); end != kNone) return end;
    const std::string_view word = letters(i);
    const size_t after = i + word.size();
    if (to_lower(word).view() == "model") {
      size_t value = after;
      for (const std::string_view label : {" number", " Number", " No.", " no.", " #"}) {
        if (at(value, label)) value += label.size();
      }
      if (at(value, ":")) ++value;
      if (value == after && !at(value, " ")) return kNone;
      return labelled_model_end(text_, skip_space(value));
    }
    // "RTX 3080", but not "RTX 500 lumens".
    if (!at(after, " ") || quantity(after + 1) != kNone || price(after + 1) != kNone) return kNone;
    return series_number_end(text_, i);
  }

  std::string_view text_;
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Behind these a span may start inside a word.
bool may_precede(char c) {
  constexpr std::string_view kSeparators = "/,(:;|+";
  return kSeparators.find(c) != std::string_view::npos;
}

bool is_start(std::string_view text, size_t at) {
  if (is_word_at(text, at) || text[at] == '$') return true;
  if (text[at] == '.') return at + 1 < text.size() && is_digit(text[at + 1]);
  // The currency signs and fractions outside of ASCII.
  return text[at] == '\xC2' || text[at] == '\xE2';
}

}  // namespace

std::optional<Span> match_span(std::string_view text, size_t begin) {
  std::optional<Span> span = Matcher(text.substr(begin, kPatternBytes)).match();
  if (span) {
    span->begin += static_cast<int32_t>(begin);
    span->end += static_cast<int32_t>(begin);
  }
  return span;
}

std::optional<Span> next_span(std::string_view text, size_t begin, size_t end) {
  bool open = begin == 0 || is_blank(text[begin - 1]);
  for (size_t at = begin; at < end; ++at) {
    if (open && is_start(text, at)) {
      if (std::optional<Span> span = match_span(text, at)) return span;
    }
    open = is_blank(text[at]) || may_precede(text[at]) || (open && !is_word_at(text, at));
  }
  return std::nullopt;
}

std::vector<Span> find_text_spans(std::string_view text) {
  std::vector<Span> spans;
  for (size_t at = 0; at < text.size();) {
    if (is_blank(text[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < text.size() && !is_blank(text[end])) ++end;
    const std::optional<Span> span = next_span(text, at, end);
    if (span) spans.push_back(*span);
    at = span ? static_cast<size_t>(span->end) : end;
  }
  return spans;
}

}  // namespace rexbert::batch
