#include "curate/html_text.h"

#include "curate/characters.h"

namespace rexbert::curate {
namespace {

// What the HTML standard has as errors in an input stream.
bool is_allowed(char32_t c) {
  if (c == '\t' || c == '\n') return true;
  if (c < 0x20 || (c >= 0x7F && c <= 0x9F)) return false;
  if (c >= 0xFDD0 && c <= 0xFDEF) return false;
  return (c & 0xFFFE) != 0xFFFE;
}

}  // namespace

std::string html_escape(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  while (!text.empty()) {
    const char32_t c = take_character(text);
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        append_character(is_allowed(c) ? c : U'\uFFFD', out);
    }
  }
  return out;
}

std::string cut_text(std::string_view text, size_t characters) {
  std::string_view rest = text;
  for (size_t i = 0; i < characters && !rest.empty(); ++i) take_character(rest);
  if (rest.empty()) return std::string(text);
  return std::string(text.substr(0, text.size() - rest.size())) + "...";
}

}  // namespace rexbert::curate
