#include "rexbert/curate/line_features.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace rexbert::curate {
namespace {

constexpr std::array<std::string_view, 5> kNumbers = {"<1>", "<2>", "<3>", "<4>", "<5>"};
constexpr std::array<std::string_view, 8> kLengths = {"<1w>",  "<2w>",  "<4w>",  "<8w>",
                                                      "<16w>", "<32w>", "<64w>", "<128w>"};
constexpr std::string_view kMarks = ":|?!()\"&+/*#@=,;";
constexpr size_t kLongestUnit = 5;   // letters behind a number in one word
constexpr size_t kLongestLabel = 4;  // words before its colon

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || is_upper(c) || static_cast<unsigned char>(c) >= 0x80;
}
char lower(char c) { return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c; }

// The length of the currency sign that `text` begins with, 0 for none.
size_t currency(std::string_view text) {
  for (const std::string_view sign :
       {"$", "\xC2\xA3", "\xC2\xA5", "\xE2\x82\xAC", "\xE2\x82\xB9"}) {
    if (text.starts_with(sign)) return sign.size();
  }
  return 0;
}

// The length of the number that `text` begins with: digits, with groups and a fraction.
size_t number_length(std::string_view text, bool& fraction) {
  size_t i = 0;
  fraction = false;
  while (i < text.size()) {
    if (is_digit(text[i])) {
      ++i;
    } else if ((text[i] == '.' || text[i] == ',') && i > 0 && i + 1 < text.size() &&
               is_digit(text[i + 1]) && is_digit(text[i - 1])) {
      fraction |= text[i] == '.';
      ++i;
    } else {
      break;
    }
  }
  return i;
}

class LineWords {
 public:
  LineWords(std::string_view line, std::string& out) : line_(line), out_(out) {}

  void append() {
    while (at_ < line_.size()) step();
    append_shape();
  }

 private:
  void put(std::string_view word) {
    if (!out_.empty() && out_.back() != ' ') out_ += ' ';
    out_ += word;
  }

  void step() {
    const std::string_view rest = line_.substr(at_);
    if (const size_t sign = currency(rest); sign > 0) {
      at_ += sign;
      while (at_ < line_.size() && line_[at_] == ' ') ++at_;
      priced_ = at_ < line_.size() && is_digit(line_[at_]);
      if (!priced_) put("<currency>");
    } else if (is_digit(rest[0])) {
      number(rest);
    } else if (is_letter(rest[0])) {
      word(rest);
    } else {
      if (kMarks.find(rest[0]) != std::string_view::npos) put(rest.substr(0, 1));
      if (rest[0] == ':' && words_ > 0 && words_ <= kLongestLabel) labelled_ = true;
      ++at_;
    }
  }

  void number(std::string_view rest) {
    bool fraction = false;
    const size_t length = number_length(rest, fraction);
    const std::string_view behind = rest.substr(length);
    size_t letters = 0;
    while (letters < behind.size() && is_letter(behind[letters])) ++letters;
    const bool goes_on = letters < behind.size() &&
                         (is_digit(behind[letters]) || behind[letters] == '-') && letters > 0;
    if (goes_on || letters > kLongestUnit) {
      model(rest);
      return;
    }
    ++words_;
    at_ += length;
    put(kind(rest.substr(0, length), fraction, behind));
    if (priced_) priced_ = false;
  }

  std::string_view kind(std::string_view digits, bool fraction, std::string_view behind) const {
    if (priced_) return "<price>";
    const std::string_view close = behind.substr(0, 1) == " " ? behind.substr(1) : behind;
    if (currency(close) > 0) return "<price>";
    if (behind.starts_with('%')) return "<share>";
    if (fraction) return "<decimal>";
    if (digits.size() == 4 && digits >= "1500" && digits <= "2099") return "<year>";
    return kNumbers[std::min(digits.size(), kNumbers.size()) - 1];
  }

  void word(std::string_view rest) {
    size_t end = 0;
    while (end < rest.size() &&
           (is_letter(rest[end]) ||
            (rest[end] == '\'' && end + 1 < rest.size() && is_letter(rest[end + 1])))) {
      ++end;
    }
    const bool digits_follow =
        end < rest.size() && (is_digit(rest[end]) || (rest[end] == '-' && end + 1 < rest.size() &&
                                                      is_digit(rest[end + 1])));
    if (digits_follow) {
      model(rest);
      return;
    }
    ++words_;
    titled_ += is_upper(rest[0]);
    put("");
    for (const char c : rest.substr(0, end)) out_ += lower(c);
    at_ += end;
  }

  // A word of letters, digits and hyphens.
  void model(std::string_view rest) {
    size_t end = 0;
    while (end < rest.size() && (is_letter(rest[end]) || is_digit(rest[end]) || rest[end] == '-'))
      ++end;
    ++words_;
    ++titled_;
    put("<model>");
    at_ += end;
    priced_ = false;
  }

  void append_shape() {
    if (words_ == 0) return;
    if (2 * titled_ > words_) put("<title>");
    if (labelled_) put("<label>");
    size_t size = 0;
    while (size + 1 < kLengths.size() && (size_t{1} << size) < words_) ++size;
    put(kLengths[size]);
    const size_t last = line_.find_last_not_of(" \t\r\n\"')");
    const bool closed = last != std::string_view::npos &&
                        std::string_view(".!?").find(line_[last]) != std::string_view::npos;
    put(closed ? "<closed>" : "<open>");
  }

  std::string_view line_;
  std::string& out_;
  size_t at_ = 0;
  size_t words_ = 0;
  size_t titled_ = 0;
  bool labelled_ = false;
  bool priced_ = false;  // a currency sign stands before
};

}  // namespace

void append_line_features(std::string_view line, std::string& words) {
  LineWords(line, words).append();
}

}  // namespace rexbert::curate
