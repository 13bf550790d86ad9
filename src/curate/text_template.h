#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rexbert::curate {

// A text with fields to fill in, as SourceOptions::text_template says.
class TextTemplate {
 public:
  // Throws Error(kUsage) for a brace without its partner, a field without a name, or no field.
  explicit TextTemplate(std::string_view text);

  // The names of all fields, each once, in the order in which they appear.
  const std::vector<std::string>& fields() const { return fields_; }

  // The text with `values`, one for each of fields(). Blanks at a line's ends and beside an empty
  // field go.
  std::string render(std::span<const std::string> values) const;

 private:
  struct Piece {
    std::string literal;
    size_t field;  // follows the literal; kNone: nothing does
  };
  static constexpr size_t kNone = static_cast<size_t>(-1);
  using Line = std::vector<Piece>;

  size_t field_index(std::string_view name);

  std::vector<std::string> fields_;
  std::vector<Line> lines_;
};

}  // namespace rexbert::curate
