#include "batch/model_numbers.h"

#include "batch/span_patterns.h"
#include "batch/span_words.h"

namespace rexbert::batch {
namespace {

constexpr size_t kNone = std::string_view::npos;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// The letters and digits, hyphens and decimal points between them, from `begin` on.
size_t chunk_end(std::string_view text, size_t begin) {
  size_t end = begin;
  while (end < text.size()) {
    if (is_upper(text[end]) || is_lower(text[end]) || is_digit(text[end])) {
      ++end;
    } else if (end > begin && text[end] == '-' && is_word_at(text, end + 1)) {
      ++end;
    } else if (end > begin && text[end] == '.' && is_digit(text[end - 1]) &&
               end + 1 < text.size() && is_digit(text[end + 1])) {
      ++end;
    } else {
      break;
    }
  }
  return is_word_at(text, end) || (end < text.size() && text[end] == '-') ? kNone : end;
}

bool is_year(std::string_view word) {
  return word.size() == 4 && (word.starts_with("19") || word.starts_with("20")) &&
         is_digit(word[2]) && is_digit(word[3]);
}

// Letters, digits and changes between them in one stretch without a hyphen.
struct Segment {
  int letters = 0, digits = 0, upper = 0, runs = 0;
  bool mixed() const { return letters > 0 && digits > 0; }
};

Segment count(std::string_view segment) {
  Segment result;
  int previous = 0;
  for (const char c : segment) {
    const int kind = is_digit(c) ? 1 : c == '.' ? 0 : 2;
    result.digits += kind == 1;
    result.letters += kind == 2;
    result.upper += is_upper(c);
    result.runs += kind != 0 && kind != previous;
    if (kind != 0) previous = kind;
  }
  return result;
}

// "1st", "1990s", "10am", "10AM".
bool is_dated(std::string_view segment, const Segment& counted) {
  if (counted.runs != 2 || !is_digit(segment[0])) return false;
  const std::string_view tail = segment.substr(segment.size() - counted.letters);
  for (const std::string_view word :
       {"st", "nd", "rd", "th", "s", "am", "pm", "AM", "PM", "S", "ST", "ND", "RD", "TH"}) {
    if (tail == word) return true;
  }
  return false;
}

}  // namespace

size_t model_number_end(std::string_view text, size_t begin) {
  const size_t end = chunk_end(text, begin);
  if (end == kNone || end == begin) return kNone;
  Segment total, mixed;
  bool word = false, small = false;
  for (size_t at = begin; at < end;) {
    size_t stop = text.find('-', at);
    if (stop == kNone || stop > end) stop = end;
    const std::string_view part = text.substr(at, stop - at);
    const Segment counted = count(part);
    const bool dated = counted.mixed() && is_dated(part, counted);
    const bool is_mixed = counted.mixed() && !dated;
    Segment& into = is_mixed ? mixed : total;
    into.letters += counted.letters;
    into.digits += counted.digits;
    into.upper += counted.upper;
    into.runs = is_mixed ? into.runs + counted.runs : 0;
    word = word || dated || (counted.digits == 0 && counted.letters - counted.upper >= 3);
    small = small || (!is_mixed && counted.upper < counted.letters);
    at = stop + 1;
  }
  const int letters = total.letters + mixed.letters, digits = total.digits + mixed.digits;
  if (letters + digits < 4 || letters == 0 || digits == 0) return kNone;
  if (mixed.letters > 0) {
    const bool rich = mixed.digits >= 2 || mixed.runs >= 3;
    const bool capital = total.upper + mixed.upper > 0 || mixed.runs >= 3;
    return rich && capital ? end : kNone;
  }
  // Letters in front: "F-150", but not "5-IN-1".
  const bool plain = word || small || total.digits < 2 || is_digit(text[begin]);
  return !plain && (total.letters <= 3 || total.digits >= 3) ? end : kNone;
}

size_t labelled_model_end(std::string_view text, size_t begin) {
  const size_t end = chunk_end(text, begin);
  if (end == kNone || end == begin) return kNone;
  const std::string_view value = text.substr(begin, end - begin);
  const Segment counted = count(value);
  return counted.digits > 0 && !is_year(value) && !is_dated(value, counted) ? end : kNone;
}

size_t series_number_end(std::string_view text, size_t begin) {
  size_t at = begin;
  while (at < text.size() && is_upper(text[at])) ++at;
  const std::string_view name = text.substr(begin, at - begin);
  if (name.size() < 2 || name.size() > 5 || at >= text.size() || text[at] != ' ' ||
      is_plain_capital_word(name)) {
    return kNone;
  }
  const size_t number = ++at;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at - number < 3 || at - number > 5 || is_year(text.substr(number, at - number))) return kNone;
  const size_t digits_end = at;
  while (at < text.size() && is_upper(text[at]) && at - digits_end < 2) ++at;
  if (is_word_at(text, at)) return kNone;
  const bool goes_on = at + 1 < text.size() &&
                       (text[at] == ',' || text[at] == '.' || text[at] == '-') &&
                       is_digit(text[at + 1]);
  return goes_on ? kNone : at;
}

}  // namespace rexbert::batch
