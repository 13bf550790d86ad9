#include "rexbert/text/record_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rexbert::text {
namespace {

constexpr size_t kBlockBytes = size_t{1} << 20;
constexpr size_t kLongestLineEnd = 2;  // does not count for the limit
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

std::string_view without_line_end(std::string_view bytes) {
  if (!bytes.empty() && bytes.back() == '\n') bytes.remove_suffix(1);
  if (!bytes.empty() && bytes.back() == '\r') bytes.remove_suffix(1);
  return bytes;
}

}  // namespace

RecordReader::RecordReader(std::unique_ptr<ByteSource> source, PlainTextUnit unit,
                           uint64_t max_record_bytes)
    : source_(std::move(source)), unit_(unit), max_record_bytes_(max_record_bytes) {}

void RecordReader::skip_byte_order_mark() {
  started_ = true;
  while (end_ < kByteOrderMark.size() && refill()) {
  }
  if (std::string_view(buffer_.get(), end_).starts_with(kByteOrderMark)) {
    begin_ = kByteOrderMark.size();
    offset_ = kByteOrderMark.size();
  }
}

bool RecordReader::next(Record& record) {
  if (!started_) skip_byte_order_mark();
  while (true) {
    const End end = find_end(true);
    if (!end.found) {
      if (end_ - begin_ > max_record_bytes_ + kLongestLineEnd) {
        record = {{}, line_, offset_, true};
        skip_too_long();
        return true;
      }
      if (refill()) continue;
      if (begin_ == end_) return false;
    }
    const size_t next_begin = end.found ? end.next : end_ - begin_;
    const std::string_view bytes(buffer_.get() + begin_, end.found ? end.record : next_begin);
    record = {without_line_end(bytes), line_, offset_, false};
    consume(next_begin);
    if (record.bytes.size() > max_record_bytes_) record = {{}, record.line, record.offset, true};
    if (unit_ == PlainTextUnit::kParagraph && record.bytes.empty() && !record.too_long) continue;
    return true;
  }
}

RecordReader::End RecordReader::find_end(bool at_start) {
  if (unit_ == PlainTextUnit::kFile) return {0, 0, false};
  const char* const start = buffer_.get() + begin_;
  const size_t size = end_ - begin_;
  while (scanned_ < size) {
    const auto* newline =
        static_cast<const char*>(std::memchr(start + scanned_, '\n', size - scanned_));
    if (newline == nullptr) {
      scanned_ = size;
      break;
    }
    const auto at = static_cast<size_t>(newline - start);
    if (unit_ == PlainTextUnit::kLine) {
      scanned_ = 0;
      return {at, at + 1, true};
    }
    // A paragraph ends where the next line is empty, which takes up to two more bytes to see.
    const size_t after = at + (at + 1 < size && start[at + 1] == '\r' ? 2 : 1);
    if (after >= size) {
      scanned_ = at;
      break;
    }
    const bool leading_blank = at_start && (at == 0 || (at == 1 && start[0] == '\r'));
    if (start[after] == '\n' || leading_blank) {
      scanned_ = 0;
      return {at, leading_blank ? at + 1 : after + 1, true};
    }
    scanned_ = at + 1;
  }
  return {0, 0, false};
}

bool RecordReader::refill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (capacity_ - end_ < kBlockBytes / 2) {
    const size_t capacity = std::max(kBlockBytes, 2 * capacity_);
    auto larger = std::make_unique<char[]>(capacity + kRecordPadding);
    if (end_ > 0) std::memcpy(larger.get(), buffer_.get(), end_);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  const size_t got = source_->read(buffer_.get() + end_, capacity_ - end_);
  end_ += got;
  at_end_ = got == 0;
  return !at_end_;
}

void RecordReader::consume(size_t bytes) {
  const char* const start = buffer_.get() + begin_;
  if (unit_ == PlainTextUnit::kLine) {
    line_ += bytes > 0 && start[bytes - 1] == '\n' ? 1 : 0;
  } else {
    line_ += static_cast<uint64_t>(std::count(start, start + bytes, '\n'));
  }
  begin_ += bytes;
  offset_ += bytes;
  scanned_ = 0;
}

void RecordReader::skip_too_long() {
  while (true) {
    const End end = find_end(false);
    if (end.found) {
      consume(end.next);
      return;
    }
    // A paragraph's end that is only half read stays.
    const size_t size = end_ - begin_;
    const size_t unscanned = size - std::min(scanned_, size);
    consume(size - (unit_ == PlainTextUnit::kParagraph ? unscanned : 0));
    if (!refill()) {
      consume(end_ - begin_);
      return;
    }
  }
}

}  // namespace rexbert::text
