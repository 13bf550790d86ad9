#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "curate/text_template.h"
#include "rexbert/curate/source.h"

namespace rexbert::curate {

// What all sources share: where documents come from, what is counted and who hears of the bad.
class SourceBase : public DocumentSource {
 public:
  SourceBase(const fs::path& path, const SourceOptions& options, text::OnBadLine on_bad);
  bool next(Document& document) final;
  const SourceCounts& counts() const final { return counts_; }

 protected:
  enum class Outcome { kDocument, kEmpty, kSkipped, kBad, kEnd };

  // Moves to the next record and fills in the document; its line too, whatever the outcome, but at
  // the end, and its file where that is not path_. kBad: the reason is bad_reason_. An
  // Error(kCorrupt) thrown here is a damaged file.
  virtual Outcome read(Document& document) = 0;

  Outcome bad(std::string reason) {
    bad_reason_ = std::move(reason);
    return Outcome::kBad;
  }
  // Parses the score; false, with bad_reason_, when it is no number.
  bool set_score(std::string_view text, Document& document);

  const fs::path path_;
  const std::string file_;  // path_ as text
  const SourceOptions options_;
  SourceCounts counts_;
  std::string bad_reason_;

 private:
  // Checks and completes a document.
  Outcome finish(Document& document);

  const text::OnBadLine on_bad_;
  uint64_t last_line_ = 0;
  bool ended_ = false;
};

// Which fields are looked up in JSON lines, TSV and Parquet, and how their values become a
// document.
class FieldMap {
 public:
  enum class Text { kSeparate, kAmongFields };
  // kSeparate: without a template, the caller finds the text, as it must be there and be a text.
  FieldMap(const SourceOptions& options, Text text);

  // The paths or names to look up.
  const std::vector<std::string>& paths() const { return paths_; }
  bool has_template() const { return template_.has_value(); }
  // `values` hold one text for each path, of one object or several. Sets what they say, the score
  // as text in `score`.
  void fill(std::span<const std::string> values, Document& document, std::string& score) const;

 private:
  std::optional<TextTemplate> template_;
  std::vector<std::string> paths_;  // those of the text, then id, url, domain, date, score
  size_t texts_ = 0;
};

// The options' template, or that of products.
TextTemplate template_or_products(const SourceOptions& options);

// The texts of one object or more, of which `values` hold one text for each field of `form`, with
// an empty line between; each object has `stride` values, those of the template first (0: no
// others).
std::string render_objects(const TextTemplate& form, std::span<const std::string> values,
                           size_t stride = 0);

// The format asked for, or that which the name says; Error(kUsage) where it says none.
SourceFormat resolve_format(const fs::path& path, SourceFormat asked);

using SourcePointer = std::unique_ptr<DocumentSource>;
SourcePointer open_json_source(Env&, const fs::path&, const SourceOptions&, text::OnBadLine);
// Of located records (located_bytes.h), each JSON.
SourcePointer open_located_source(std::unique_ptr<ByteSource>, const SourceOptions&,
                                  text::OnBadLine);
SourcePointer open_plain_source(Env&, const fs::path&, const SourceOptions&, text::OnBadLine);
SourcePointer open_tsv_source(Env&, const fs::path&, const SourceOptions&, text::OnBadLine);
SourcePointer open_html_source(Env&, const fs::path&, const SourceOptions&, text::OnBadLine);
SourcePointer open_warc_source(Env&, const fs::path&, const SourceOptions&, text::OnBadLine,
                               SourceFormat);
SourcePointer open_parquet_source(Env&, const fs::path&, const SourceOptions&, text::OnBadLine);

}  // namespace rexbert::curate
