#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "curate/text_template.h"
#include "rexbert/curate/source.h"
#include "rexbert/text/json_fields.h"

namespace rexbert::curate {

// Makes texts of HTML pages as the options say.
class PageReader {
 public:
  explicit PageReader(const SourceOptions& options);

  // The text of a page in any charset; `declared`: what HTTP says it is, may be empty. Nothing: the
  // page is of another kind than asked for. Throws Error(kCorrupt), without a place, for a page
  // that cannot be read.
  std::optional<std::string> read(std::string_view page, std::string_view declared);

 private:
  std::optional<std::string> products(const std::vector<std::string>& json_ld);

  const SourceOptions options_;
  std::optional<TextTemplate> template_;  // of products
  std::optional<text::JsonFieldReader> fields_;
};

}  // namespace rexbert::curate
