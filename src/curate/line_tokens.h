#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rexbert::curate {

enum class TokenKind {
  kWord,    // letters, with apostrophes and hyphens inside: "men's", "non-stick"
  kNumber,  // digits, with '.', ',' or '/' inside: "1,299.00", "1/2"
  kMixed,   // letters and digits: "usb3", "5-25x56", "gc35125"
  kSymbol,  // one other character
};

struct LineToken {
  TokenKind kind;
  std::string text;         // ASCII letters in lower case, typographic quotes and dashes in ASCII
  bool upper = false;       // begins with an ASCII capital
  bool all_upper = false;   // has letters and all are ASCII capitals
  bool after_space = true;  // white space or the line's start stands before it
};

// The tokens of a line. Letters are those of ASCII and all characters beyond it but the usual
// typographic marks, currency signs and symbols, which are symbols.
std::vector<LineToken> tokenize_line(std::string_view line);

}  // namespace rexbert::curate
