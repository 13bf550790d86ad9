#include "rexbert/text/document_reader.h"

#include <utility>

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/record_reader.h"
#include "text/document_parser.h"

namespace rexbert::text {

std::string to_string(const BadLine& bad) {
  return str_cat(bad.file, ":", bad.line, ": ", bad.reason);
}

ReadCounts& ReadCounts::operator+=(const ReadCounts& other) {
  documents += other.documents;
  empty += other.empty;
  skipped += other.skipped;
  bad += other.bad;
  text_bytes += other.text_bytes;
  file_bytes += other.file_bytes;
  return *this;
}

OnBadLine make_bad_line_handler(OnError policy, uint64_t reports) {
  if (policy == OnError::kStop) {
    return [](const BadLine& bad) { throw Error(ErrorCode::kCorrupt, to_string(bad)); };
  }
  return [reports, seen = uint64_t{0}](const BadLine& bad) mutable {
    if (++seen <= reports) log::warning("skipped: " + to_string(bad));
    if (seen == reports + 1) log::warning("further bad lines are skipped and only counted");
  };
}

OnError parse_on_error(std::string_view text) {
  if (text == "stop") return OnError::kStop;
  if (text == "skip") return OnError::kSkip;
  throw Error(ErrorCode::kUsage, str_cat("expected \"stop\" or \"skip\", got ", str_quote(text)));
}

struct DocumentReader::Impl {
  RecordReader records;
  DocumentParser parser;
  std::string file;
  OnBadLine on_bad_line;
  ReadCounts counts;
};

DocumentReader::DocumentReader(Env& env, const fs::path& path, uint32_t file_index,
                               ReadOptions options, OnBadLine on_bad_line)
    : DocumentReader(open_byte_source(env, path), path, file_index, std::move(options),
                     std::move(on_bad_line)) {}

DocumentReader::DocumentReader(std::unique_ptr<ByteSource> bytes, const fs::path& path,
                               uint32_t file_index, ReadOptions options, OnBadLine on_bad_line) {
  const PlainTextUnit unit = resolve_format(path, options) == FileFormat::kJsonLines
                                 ? PlainTextUnit::kLine
                                 : options.plain_text_unit;
  impl_.reset(new Impl{RecordReader(std::move(bytes), unit, options.max_record_bytes),
                       DocumentParser(std::move(options)),
                       path.string(),
                       std::move(on_bad_line),
                       {}});
  impl_->parser.set_file(path, file_index);
}

DocumentReader::~DocumentReader() = default;
DocumentReader::DocumentReader(DocumentReader&&) noexcept = default;
DocumentReader& DocumentReader::operator=(DocumentReader&&) noexcept = default;

bool DocumentReader::next(Document& document) {
  BadLine bad;
  while (true) {
    switch (step(document, bad)) {
      case Step::kDocument:
        return true;
      case Step::kEnd:
        return false;
      case Step::kBad:
        impl_->on_bad_line(bad);
        break;
      case Step::kEmpty:
      case Step::kSkipped:
        break;
    }
  }
}

DocumentReader::Step DocumentReader::step(Document& document, BadLine& bad) {
  Record record;
  ReadCounts& counts = impl_->counts;
  const bool found = impl_->records.next(record);
  counts.file_bytes = impl_->records.consumed();
  if (!found) return Step::kEnd;
  switch (impl_->parser.parse(record, document)) {
    case DocumentParser::Outcome::kDocument:
      ++counts.documents;
      counts.text_bytes += document.text.size();
      return Step::kDocument;
    case DocumentParser::Outcome::kEmpty:
      ++counts.empty;
      return Step::kEmpty;
    case DocumentParser::Outcome::kSkipped:
      ++counts.skipped;
      return Step::kSkipped;
    case DocumentParser::Outcome::kBad:
      break;
  }
  ++counts.bad;
  bad = {impl_->file, record.line, impl_->parser.reason()};
  return Step::kBad;
}

const ReadCounts& DocumentReader::counts() const { return impl_->counts; }

}  // namespace rexbert::text
