#include "rexbert/config/reference.h"

#include "rexbert/core/strings.h"

namespace rexbert::config {
namespace {

std::string cell(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

void write_section(std::string& page, const std::string& path, const std::vector<FieldDoc>& fields,
                   int depth) {
  page += "\n| key | type | default | meaning |\n|---|---|---|---|\n";
  for (const FieldDoc& field : fields) {
    std::string meaning = field.doc;
    if (!field.unit.empty()) meaning += str_cat(" Unit: ", field.unit, ".");
    if (!field.cost.empty()) meaning += str_cat(" Cost: ", field.cost, ".");
    if (!field.condition.empty()) meaning += str_cat(" Used only ", field.condition, ".");
    const std::string standard = field.required           ? "required"
                                 : field.standard.empty() ? "-"
                                                          : str_cat("`", field.standard, "`");
    page += str_cat("| `", path, field.name, "` | ", cell(field.type), " | ", cell(standard), " | ",
                    cell(meaning), " |\n");
  }
  for (const FieldDoc& field : fields) {
    if (field.nested.empty()) continue;
    const std::string inner = str_cat(path, field.name);
    page += str_cat("\n", std::string(static_cast<size_t>(depth), '#'), " `", inner, "`\n\n",
                    field.doc, "\n");
    const bool list = field.type.starts_with("a list");
    const bool named = field.type.starts_with("a map");
    write_section(page, inner + (list ? "[]." : named ? ".NAME." : "."), field.nested, depth);
  }
}

}  // namespace

std::string reference_page(const std::string& introduction, const std::vector<FieldDoc>& fields) {
  std::string page = introduction;
  write_section(page, "", fields, 2);
  return page;
}

}  // namespace rexbert::config
