#include "curate/line_tokens.h"

#include <algorithm>
#include <cstdint>

namespace rexbert::curate {
namespace {

struct Mark {
  std::string_view utf8;
  std::string_view ascii;
};

// What web text writes in place of ASCII.
constexpr Mark kMarks[] = {
    {"\xE2\x80\x98", "'"},  {"\xE2\x80\x99", "'"},  {"\xE2\x80\x9C", "\""},  {"\xE2\x80\x9D", "\""},
    {"\xE2\x80\x93", "-"},  {"\xE2\x80\x94", "--"}, {"\xE2\x80\x91", "-"},   {"\xC2\xA0", " "},
    {"\xE2\x80\xB3", "\""}, {"\xE2\x80\xB2", "'"},  {"\xE2\x80\xA6", "..."}, {"\xEF\xBB\xBF", ""},
    {"\xC3\x97", " x "},    {"\xC2\xBD", "1/2"},    {"\xC2\xBC", "1/4"},     {"\xC2\xBE", "3/4"},
};

// Symbols that mean something as they are.
constexpr std::string_view kSymbols[] = {
    "\xC2\xA3",      // pound
    "\xE2\x82\xAC",  // euro
    "\xC2\xA5",      // yen
    "\xE2\x82\xB9",  // rupee
    "\xE2\x84\xA2",  // trade mark
    "\xC2\xAE",      // registered
    "\xE2\x80\xA2",  // bullet
    "\xC2\xB7",      // middle dot
    "\xC2\xB0",      // degree
    "\xE2\x98\x85",  // star
    "\xE2\x9C\x93",  // check mark
    "\xE2\x9C\x94",  // heavy check mark
    "\xE2\x97\x8F",  // black circle
    "\xE2\x96\xBA",  // pointer
};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<uint8_t>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Emoji and pictographs: U+1F000 and above.
bool is_pictograph(std::string_view rest) {
  return rest.size() >= 4 && static_cast<uint8_t>(rest[0]) == 0xF0 &&
         static_cast<uint8_t>(rest[1]) >= 0x9F;
}

std::string with_ascii_marks(std::string_view line) {
  std::string text;
  text.reserve(line.size());
  while (!line.empty()) {
    const Mark* mark = nullptr;
    if (static_cast<uint8_t>(line[0]) >= 0x80) {
      mark = std::find_if(std::begin(kMarks), std::end(kMarks),
                          [&](const Mark& m) { return line.starts_with(m.utf8); });
      if (mark == std::end(kMarks)) mark = nullptr;
    }
    text += mark != nullptr ? mark->ascii : line.substr(0, 1);
    line.remove_prefix(mark != nullptr ? mark->utf8.size() : 1);
  }
  return text;
}

// Bytes of the symbol that begins here; 0 where a word or number does.
size_t symbol_length(std::string_view rest) {
  if (is_pictograph(rest)) return 4;
  for (const std::string_view symbol : kSymbols) {
    if (rest.starts_with(symbol)) return symbol.size();
  }
  return is_letter(rest[0]) || is_digit(rest[0]) ? 0 : 1;
}

size_t word_length(std::string_view rest) {
  size_t end = 1;
  while (end < rest.size()) {
    const char c = rest[end];
    const bool inside = (c == '\'' || c == '-' || c == '.' || c == ',' || c == '/' || c == '_') &&
                        end + 1 < rest.size();
    if (is_letter(c) || is_digit(c)) {
      if (static_cast<uint8_t>(c) >= 0x80 && symbol_length(rest.substr(end)) > 0) break;
      ++end;
    } else if (inside && (c == '\'' || c == '-' || c == '_') &&
               (is_letter(rest[end + 1]) || is_digit(rest[end + 1])) &&
               symbol_length(rest.substr(end + 1)) == 0) {
      ++end;
    } else if (inside && is_digit(rest[end - 1]) && is_digit(rest[end + 1])) {
      ++end;
    } else {
      break;
    }
  }
  return end;
}

LineToken make_token(std::string_view text, bool after_space, bool symbol) {
  LineToken token = {
      .kind = TokenKind::kSymbol, .text = std::string(text), .after_space = after_space};
  if (symbol) return token;
  bool letters = false;
  bool digits = false;
  bool lower = false;
  for (char& c : token.text) {
    letters = letters || is_letter(c);
    digits = digits || is_digit(c);
    lower = lower || (is_letter(c) && !(c >= 'A' && c <= 'Z'));
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  token.kind = !digits ? TokenKind::kWord : letters ? TokenKind::kMixed : TokenKind::kNumber;
  if (!letters && token.text.find('-') != std::string::npos) token.kind = TokenKind::kMixed;
  token.upper = text[0] >= 'A' && text[0] <= 'Z';
  token.all_upper = letters && !lower;
  return token;
}

}  // namespace

std::vector<LineToken> tokenize_line(std::string_view line) {
  const std::string text = with_ascii_marks(line);
  std::vector<LineToken> tokens;
  std::string_view rest = text;
  bool after_space = true;
  while (!rest.empty()) {
    if (is_space(rest[0])) {
      after_space = true;
      rest.remove_prefix(1);
      continue;
    }
    const size_t symbol = symbol_length(rest);
    const size_t length = symbol > 0 ? symbol : word_length(rest);
    tokens.push_back(make_token(rest.substr(0, length), after_space, symbol > 0));
    after_space = false;
    rest.remove_prefix(length);
  }
  return tokens;
}

}  // namespace rexbert::curate
