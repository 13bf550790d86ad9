#include "curate/warc_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

constexpr size_t kBlockBytes = size_t{256} << 10;
constexpr size_t kMaxHeaderBytes = size_t{64} << 10;
constexpr std::string_view kVersion = "WARC/";

}  // namespace

WarcReader::WarcReader(std::unique_ptr<ByteSource> source, std::string type,
                       uint64_t max_record_bytes)
    : source_(std::move(source)), type_(std::move(type)), max_record_bytes_(max_record_bytes) {}

WarcReader::Outcome WarcReader::next(WarcRecord& record) {
  consume(std::exchange(content_, 0));
  skip_line_ends();
  if (!fill(1)) {
    throw_failure();
    return Outcome::kEnd;
  }
  record = {++records_, offset_, {}, {}};
  if (read_header(record)) return read_content(record);
  find_record();
  return Outcome::kBad;
}

bool WarcReader::read_header(WarcRecord& record) {
  fill(kVersion.size());
  if (!data().starts_with(kVersion)) {
    bad(record, str_cat("expected a WARC record, got ", str_quote(data().substr(0, 40))));
    return false;
  }
  HeaderEnd end;
  for (size_t size = size_t{4} << 10;; size *= 2) {
    const bool more = fill(size);
    end = find_header_end(data().substr(0, size));
    if (end.body != std::string_view::npos) break;
    if (!more) throw_failure();
    if (!more || size >= kMaxHeaderBytes) {
      bad(record, more ? "the header is too long" : "it ends in the header");
      return false;
    }
  }
  record.header = HeaderFields(data().substr(0, end.end));
  consume(end.body);
  return true;
}

WarcReader::Outcome WarcReader::read_content(WarcRecord& record) {
  const std::string_view length_text = record.header.get("Content-Length");
  uint64_t length = 0;
  const char* const length_end = length_text.data() + length_text.size();
  const auto [end, status] = std::from_chars(length_text.data(), length_end, length);
  if (length_text.empty() || status != std::errc() || end != length_end) {
    find_record();
    return bad(record,
               str_cat("expected a number as Content-Length, got ", str_quote(length_text)));
  }
  const bool wanted = record.header.get("WARC-Type") == type_;
  const auto cut_off = [&](uint64_t got) {
    throw_failure();
    return bad(record, str_cat("expected ", length, " bytes of content, got ", got));
  };
  if (!wanted || length > max_record_bytes_) {
    const uint64_t got = skip(length);
    if (got < length) return cut_off(got);
    if (!wanted) return Outcome::kOtherType;
    return bad(record, str_cat("expected at most ", max_record_bytes_, " bytes, got ", length));
  }
  content_ = static_cast<size_t>(length);
  if (!fill(content_)) {
    content_ = data().size();
    return cut_off(content_);
  }
  record.content = data().substr(0, content_);
  return Outcome::kRecord;
}

void WarcReader::throw_failure() const {
  if (failure_) std::rethrow_exception(failure_);
}

WarcReader::Outcome WarcReader::bad(const WarcRecord& record, std::string_view reason) {
  reason_ = str_cat("offset ", record.offset, ": ", reason);
  return Outcome::kBad;
}

bool WarcReader::fill(size_t size) {
  while (data().size() < size) {
    if (begin_ > 0) {
      buffer_.erase(0, begin_);
      begin_ = 0;
    }
    const size_t had = buffer_.size();
    buffer_.resize(std::max(had + kBlockBytes, std::min(size, 2 * had)));
    size_t got = 0;
    try {
      if (!failure_) got = source_->read(buffer_.data() + had, buffer_.size() - had);
    } catch (...) {
      failure_ = std::current_exception();
    }
    buffer_.resize(had + got);
    if (got == 0) return false;
  }
  return true;
}

void WarcReader::consume(size_t bytes) {
  begin_ += bytes;
  offset_ += bytes;
}

uint64_t WarcReader::skip(uint64_t bytes) {
  uint64_t skipped = 0;
  while (skipped < bytes && fill(1)) {
    const size_t here = static_cast<size_t>(std::min<uint64_t>(bytes - skipped, data().size()));
    consume(here);
    skipped += here;
  }
  return skipped;
}

void WarcReader::skip_line_ends() {
  while (fill(1) && (data().front() == '\r' || data().front() == '\n')) consume(1);
}

void WarcReader::find_record() {
  const std::string start = str_cat("\n", kVersion);
  while (true) {
    const size_t at = data().find(start);
    if (at != std::string_view::npos) {
      consume(at + 1);
      return;
    }
    // The start may be only half in the buffer.
    const size_t kept = std::min(data().size(), start.size() - 1);
    consume(data().size() - kept);
    if (!fill(kept + 1)) {
      consume(kept);
      return;
    }
  }
}

}  // namespace rexbert::curate
