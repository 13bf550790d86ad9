#include "curate/page_reader.h"

#include <span>

#include "curate/charset.h"
#include "curate/html_page.h"
#include "curate/main_text.h"
#include "curate/source_base.h"
#include "rexbert/core/error.h"

namespace rexbert::curate {

PageReader::PageReader(const SourceOptions& options) : options_(options) {
  if (options.page_content != PageContent::kProducts) return;
  template_ = template_or_products(options);
  const std::string type = options.json_type.empty() ? "Product" : options.json_type;
  fields_.emplace(text::JsonFields{template_->fields(), options.list_separator, type});
}

std::optional<std::string> PageReader::read(std::string_view page, std::string_view declared) {
  const HtmlPage html(page_to_utf8(page, declared));
  if (template_) return products(html.json_ld());
  return main_text(html.blocks(), options_.main_text);
}

std::optional<std::string> PageReader::products(const std::vector<std::string>& json_ld) {
  std::vector<std::string> values;
  std::optional<Error> broken;
  for (const std::string& json : json_ld) {
    try {
      fields_->read(json, values);
    } catch (const Error& error) {
      broken = error;
    }
  }
  // A broken script beside a good one does no harm.
  if (values.empty() && broken) throw Error(broken->code(), "JSON-LD: " + broken->message());
  if (values.empty()) return std::nullopt;
  return render_objects(*template_, values);
}

}  // namespace rexbert::curate
