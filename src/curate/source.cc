#include "rexbert/curate/source.h"

#include <array>
#include <utility>

#include "curate/located_bytes.h"
#include "curate/source_base.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/input_files.h"

namespace rexbert::curate {
namespace {

constexpr std::array<std::pair<std::string_view, SourceFormat>, 9> kExtensions = {
    {{".jsonl", SourceFormat::kJsonLines},
     {".json", SourceFormat::kJsonLines},
     {".txt", SourceFormat::kPlainText},
     {".tsv", SourceFormat::kTsv},
     {".html", SourceFormat::kHtml},
     {".htm", SourceFormat::kHtml},
     {".wet", SourceFormat::kWet},
     {".warc", SourceFormat::kWarc},
     {".parquet", SourceFormat::kParquet}}};

}  // namespace

SourceFormat resolve_format(const fs::path& path, SourceFormat asked) {
  if (asked != SourceFormat::kByExtension) return asked;
  const std::string extension = text::data_extension(path);
  for (const auto& [known, format] : kExtensions) {
    if (extension == known) return format;
  }
  throw Error(ErrorCode::kUsage,
              str_cat(path.string(), ": the name does not say the format: expected ",
                      text::one_of(source_extensions()), " (plain, .zst, .zstd or .gz), or a ",
                      "format given"));
}

namespace {

// JSON lines and plain text, which the module text reads.
class TextSource final : public SourceBase {
 public:
  TextSource(Env& env, const fs::path& path, const SourceOptions& options, text::OnBadLine on_bad,
             text::FileFormat format)
      : SourceBase(path, options, std::move(on_bad)),
        json_(format == text::FileFormat::kJsonLines),
        fields_(options, FieldMap::Text::kSeparate),
        reader_(env, path, 0, read_options(options, format, fields_), nullptr) {}
  TextSource(std::unique_ptr<LocatedBytes> bytes, const SourceOptions& options,
             text::OnBadLine on_bad)
      : SourceBase("-", options, std::move(on_bad)),
        json_(true),
        fields_(options, FieldMap::Text::kSeparate),
        located_(bytes.get()),
        reader_(std::move(bytes), "-", 0,
                read_options(options, text::FileFormat::kJsonLines, fields_), nullptr) {}

 private:
  static text::ReadOptions read_options(const SourceOptions& options, text::FileFormat format,
                                        const FieldMap& fields) {
    text::ReadOptions read;
    read.format = format;
    read.text_field = fields.has_template() ? std::string() : options.fields.text;
    read.id_field.clear();
    read.json_fields = {fields.paths(), options.list_separator, options.json_type};
    read.plain_text_unit = options.plain_text_unit;
    read.max_record_bytes = options.max_record_bytes;
    return read;
  }

  Outcome read(Document& document) override {
    using Step = text::DocumentReader::Step;
    text::Document record;
    text::BadLine bad_line;
    const Step step = reader_.step(record, bad_line);
    counts_.file_bytes = reader_.counts().file_bytes;
    switch (step) {
      case Step::kDocument:
        break;
      case Step::kBad:
        set_place(bad_line.line, document);
        return bad(std::move(bad_line.reason));
      case Step::kEmpty:
        return Outcome::kEmpty;
      case Step::kSkipped:
        return Outcome::kSkipped;
      case Step::kEnd:
        return Outcome::kEnd;
    }
    set_place(record.line, document);
    document.text = record.text;
    std::string score;
    if (json_) fields_.fill(record.fields, document, score);
    return set_score(score, document) ? Outcome::kDocument : Outcome::kBad;
  }

  void set_place(uint64_t line, Document& document) const {
    document.line = line;
    if (located_ == nullptr) return;
    const LocatedBytes::Place& place = located_->place_of(line);
    document.file = place.file;
    document.line = place.line;
  }

  const bool json_;
  const FieldMap fields_;
  LocatedBytes* const located_ = nullptr;  // what reader_ reads, where records say their place
  text::DocumentReader reader_;
};

}  // namespace

SourceFields fields_of(std::string_view dataset) {
  SourceFields fields;
  if (dataset == "default" || dataset == "finefineweb" || dataset == "fineweb-edu") return fields;
  if (dataset == "fineweb") {
    fields.score = "language_score";
    return fields;
  }
  throw Error(ErrorCode::kUsage,
              str_cat("fields ", str_quote(dataset),
                      ": expected default, finefineweb, fineweb or fineweb-edu"));
}

const std::vector<std::string>& source_extensions() {
  static const std::vector<std::string> extensions = [] {
    std::vector<std::string> names;
    for (const auto& [name, format] : kExtensions) names.emplace_back(name);
    return names;
  }();
  return extensions;
}

SourcePointer open_located_source(std::unique_ptr<ByteSource> bytes, const SourceOptions& options,
                                  text::OnBadLine on_bad) {
  return std::make_unique<TextSource>(std::make_unique<LocatedBytes>(std::move(bytes)), options,
                                      std::move(on_bad));
}

std::unique_ptr<DocumentSource> open_source(Env& env, const fs::path& path,
                                            const SourceOptions& options, text::OnBadLine on_bad) {
  const SourceFormat format = resolve_format(path, options.format);
  switch (format) {
    case SourceFormat::kJsonLines:
      return std::make_unique<TextSource>(env, path, options, std::move(on_bad),
                                          text::FileFormat::kJsonLines);
    case SourceFormat::kPlainText:
      return std::make_unique<TextSource>(env, path, options, std::move(on_bad),
                                          text::FileFormat::kPlainText);
    case SourceFormat::kTsv:
      return open_tsv_source(env, path, options, std::move(on_bad));
    case SourceFormat::kHtml:
      return open_html_source(env, path, options, std::move(on_bad));
    case SourceFormat::kWet:
    case SourceFormat::kWarc:
      return open_warc_source(env, path, options, std::move(on_bad), format);
    case SourceFormat::kParquet:
      return open_parquet_source(env, path, options, std::move(on_bad));
    case SourceFormat::kByExtension:
      break;
  }
  throw Error(ErrorCode::kInternal, str_cat(path.string(), ": no format"));
}

}  // namespace rexbert::curate
