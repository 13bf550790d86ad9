#include "curate/source_base.h"

#include <algorithm>
#include <charconv>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

// "\r\n" and lone "\r" become "\n".
void normalize_line_ends(std::string& text) {
  size_t to = text.find('\r');
  if (to == std::string::npos) return;
  for (size_t from = to; from < text.size(); ++from) {
    const bool pair = text[from] == '\r' && from + 1 < text.size() && text[from + 1] == '\n';
    if (!pair) text[to++] = text[from] == '\r' ? '\n' : text[from];
  }
  text.resize(to);
}

}  // namespace

SourceBase::SourceBase(const fs::path& path, const SourceOptions& options, text::OnBadLine on_bad)
    : path_(path), file_(path.string()), options_(options), on_bad_(std::move(on_bad)) {}

bool SourceBase::next(Document& document) {
  uint64_t line = 0;
  while (!ended_) {
    document = {};
    Outcome outcome = Outcome::kEnd;
    try {
      outcome = read(document);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      ended_ = true;
      std::string_view reason = error.what();
      const std::string place = file_ + ": ";
      if (reason.starts_with(place)) reason.remove_prefix(place.size());
      outcome = bad(std::string(reason));
      document.line = last_line_ + 1;
    }
    if (outcome == Outcome::kDocument) outcome = finish(document);
    line = document.line;
    last_line_ = std::max(last_line_, line);
    switch (outcome) {
      case Outcome::kDocument:
        ++counts_.documents;
        counts_.text_bytes += document.text.size();
        return true;
      case Outcome::kEmpty:
        ++counts_.empty;
        break;
      case Outcome::kSkipped:
        ++counts_.skipped;
        break;
      case Outcome::kBad:
        ++counts_.bad;
        on_bad_({document.file.empty() ? file_ : document.file, line, bad_reason_});
        break;
      case Outcome::kEnd:
        ended_ = true;
        break;
    }
  }
  return false;
}

SourceBase::Outcome SourceBase::finish(Document& document) {
  for (const std::string* part :
       {&document.text, &document.id, &document.url, &document.domain, &document.date}) {
    if (part->find('\0') != std::string::npos) return bad("it holds a NUL character");
  }
  normalize_line_ends(document.text);
  if (str_trim(document.text).empty()) return Outcome::kEmpty;
  if (document.file.empty()) document.file = file_;
  if (document.id.empty()) {
    document.id = str_cat(fs::path(document.file).filename().string(), ":", document.line);
  }
  if (document.domain.empty()) document.domain = options_.domain;
  return Outcome::kDocument;
}

bool SourceBase::set_score(std::string_view text, Document& document) {
  if (text.empty()) return true;
  double score = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), score);
  if (status != std::errc() || end != text.data() + text.size()) {
    bad(str_cat("field ", str_quote(options_.fields.score), ": expected a number, got ",
                str_quote(text)));
    return false;
  }
  document.score = score;
  return true;
}

FieldMap::FieldMap(const SourceOptions& options, Text text) {
  if (!options.text_template.empty() || !options.json_type.empty()) {
    template_ = template_or_products(options);
    paths_ = template_->fields();
  } else if (text == Text::kAmongFields) {
    paths_ = {options.fields.text};
  }
  texts_ = paths_.size();
  const SourceFields& fields = options.fields;
  paths_.insert(paths_.end(), {fields.id, fields.url, fields.domain, fields.date, fields.score});
}

void FieldMap::fill(std::span<const std::string> values, Document& document,
                    std::string& score) const {
  if (template_) document.text = render_objects(*template_, values, paths_.size());
  if (!template_ && texts_ == 1) document.text = values[0];
  const auto rest = values.subspan(texts_);
  document.id = rest[0];
  document.url = rest[1];
  document.domain = rest[2];
  document.date = rest[3];
  score = rest[4];
}

std::string render_objects(const TextTemplate& form, std::span<const std::string> values,
                           size_t stride) {
  const size_t fields = form.fields().size();
  std::string texts;
  for (size_t begin = 0; begin < values.size(); begin += std::max(stride, fields)) {
    const std::string text = form.render(values.subspan(begin, fields));
    if (!texts.empty() && !text.empty()) texts += "\n\n";
    texts += text;
  }
  return texts;
}

TextTemplate template_or_products(const SourceOptions& options) {
  return TextTemplate(options.text_template.empty() ? kProductTemplate
                                                    : std::string_view(options.text_template));
}

}  // namespace rexbert::curate
