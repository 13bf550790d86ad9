// Sources of web pages: WET and WARC files, and HTML files.

#include <utility>

#include "curate/http_message.h"
#include "curate/page_reader.h"
#include "curate/source_base.h"
#include "curate/warc_reader.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/record_reader.h"
#include "rexbert/text/utf8.h"

namespace rexbert::curate {
namespace {

class WarcSource final : public SourceBase {
 public:
  WarcSource(Env& env, const fs::path& path, const SourceOptions& options, text::OnBadLine on_bad,
             bool pages)
      : SourceBase(path, options, std::move(on_bad)),
        records_(open_byte_source(env, path), pages ? "response" : "conversion",
                 options.max_record_bytes) {
    if (pages) pages_.emplace(options);
  }

 private:
  Outcome read(Document& document) override {
    WarcRecord record;
    const WarcReader::Outcome found = records_.next(record);
    counts_.file_bytes = records_.consumed();
    document.line = record.index;
    switch (found) {
      case WarcReader::Outcome::kRecord:
        break;
      case WarcReader::Outcome::kOtherType:
        return Outcome::kSkipped;
      case WarcReader::Outcome::kBad:
        return bad(records_.reason());
      case WarcReader::Outcome::kEnd:
        return Outcome::kEnd;
    }
    document.id = record.header.get("WARC-Record-ID");
    document.url = record.header.get("WARC-Target-URI");
    document.date = record.header.get("WARC-Date");
    for (const std::string* value : {&document.id, &document.url, &document.date}) {
      if (!text::is_utf8(*value)) return bad_at(record, "invalid UTF-8 in the header");
    }
    if (pages_) return read_page(record, document);
    if (!text::is_utf8(record.content)) return bad_at(record, "invalid UTF-8");
    document.text = record.content;
    return Outcome::kDocument;
  }

  Outcome read_page(const WarcRecord& record, Document& document) {
    try {
      const std::string kind = media_type(record.header.get("Content-Type"));
      if (kind != "application/http") return Outcome::kSkipped;
      const HttpResponse response = parse_http_response(record.content);
      const std::string_view content_type = response.header.get("Content-Type");
      const std::string type = media_type(content_type);
      if (response.status != 200 || (type != "text/html" && type != "application/xhtml+xml")) {
        return Outcome::kSkipped;
      }
      const std::string body = decoded_body(response, options_.max_page_bytes);
      std::optional<std::string> text = pages_->read(body, parameter(content_type, "charset"));
      if (!text) return Outcome::kSkipped;
      document.text = std::move(*text);
      return Outcome::kDocument;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::kCorrupt) throw;
      return bad_at(record, error.what());
    }
  }

  static std::string media_type(std::string_view content_type) {
    return to_lower_ascii(str_trim(content_type.substr(0, content_type.find(';'))));
  }

  Outcome bad_at(const WarcRecord& record, std::string_view reason) {
    return bad(str_cat("offset ", record.offset, ": ", reason));
  }

  WarcReader records_;
  std::optional<PageReader> pages_;
};

// A file that is one page.
class HtmlSource final : public SourceBase {
 public:
  HtmlSource(Env& env, const fs::path& path, const SourceOptions& options, text::OnBadLine on_bad)
      : SourceBase(path, options, std::move(on_bad)),
        pages_(options),
        file_bytes_(open_byte_source(env, path), text::PlainTextUnit::kFile,
                    options.max_page_bytes) {}

 private:
  Outcome read(Document& document) override {
    text::Record record;
    const bool found = file_bytes_.next(record);
    counts_.file_bytes = file_bytes_.consumed();
    if (!found) return Outcome::kEnd;
    document.line = record.line;
    if (record.too_long) {
      return bad(str_cat("expected at most ", options_.max_page_bytes, " bytes, got more"));
    }
    std::optional<std::string> text = pages_.read(record.bytes, {});
    if (!text) return Outcome::kSkipped;
    document.text = std::move(*text);
    return Outcome::kDocument;
  }

  PageReader pages_;
  text::RecordReader file_bytes_;
};

}  // namespace

SourcePointer open_html_source(Env& env, const fs::path& path, const SourceOptions& options,
                               text::OnBadLine on_bad) {
  return std::make_unique<HtmlSource>(env, path, options, std::move(on_bad));
}

SourcePointer open_warc_source(Env& env, const fs::path& path, const SourceOptions& options,
                               text::OnBadLine on_bad, SourceFormat format) {
  return std::make_unique<WarcSource>(env, path, options, std::move(on_bad),
                                      format == SourceFormat::kWarc);
}

}  // namespace rexbert::curate
