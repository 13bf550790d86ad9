#include "curate/text_template.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

[[noreturn]] void throw_template(std::string_view text, std::string_view problem) {
  throw Error(ErrorCode::kUsage, str_cat("template ", str_quote(text, 200), ": ", problem));
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

TextTemplate::TextTemplate(std::string_view text) {
  lines_.emplace_back();
  std::string literal;
  const auto end_piece = [&](size_t field) {
    lines_.back().push_back({std::move(literal), field});
    literal.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool doubled = i + 1 < text.size() && text[i + 1] == c;
    if (c == '\n') {
      end_piece(kNone);
      lines_.emplace_back();
    } else if ((c == '{' || c == '}') && doubled) {
      literal += c;
      ++i;
    } else if (c == '{') {
      const size_t end = text.find_first_of("{}\n", i + 1);
      if (end == std::string_view::npos || text[end] != '}') {
        throw_template(text, "expected } behind {");
      }
      if (end == i + 1) throw_template(text, "expected a name between { and }");
      end_piece(field_index(text.substr(i + 1, end - i - 1)));
      i = end;
    } else if (c == '}') {
      throw_template(text, "expected { before }");
    } else {
      literal += c;
    }
  }
  end_piece(kNone);
  if (fields_.empty()) throw_template(text, "expected a field in braces");
}

size_t TextTemplate::field_index(std::string_view name) {
  const auto at = std::find(fields_.begin(), fields_.end(), name);
  if (at != fields_.end()) return static_cast<size_t>(at - fields_.begin());
  fields_.emplace_back(name);
  return fields_.size() - 1;
}

std::string TextTemplate::render(std::span<const std::string> values) const {
  std::string text;
  bool any_field = false;
  for (const Line& line : lines_) {
    std::string filled;
    bool has_fields = false;
    bool has_values = false;
    bool gap = false;  // an empty field lies just before
    for (const Piece& piece : line) {
      std::string_view literal = piece.literal;
      if (gap && (filled.empty() || is_blank(filled.back()))) {
        while (!literal.empty() && is_blank(literal.front())) literal.remove_prefix(1);
      }
      filled += literal;
      if (piece.field == kNone) break;
      has_fields = true;
      const std::string& value = values[piece.field];
      gap = value.empty();
      has_values = has_values || !gap;
      filled += value;
    }
    if (has_fields && !has_values) continue;
    any_field = any_field || has_values;
    if (!text.empty()) text += '\n';
    text += str_trim(filled);
  }
  return any_field ? text : std::string();
}

}  // namespace rexbert::curate
