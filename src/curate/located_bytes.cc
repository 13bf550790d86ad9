#include "curate/located_bytes.h"

#include <algorithm>
#include <charconv>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {

size_t LocatedBytes::read(char* out, size_t capacity) {
  size_t size = 0;
  while (size < capacity) {
    if (at_ == block_.size()) {
      // What is there goes out before more is waited for.
      if (size > 0) return size;
      if (!refill()) {
        if (part_ != Part::kFile || !file_.empty()) complain();
        return 0;
      }
    }
    const size_t stop = block_.find_first_of(part_ == Part::kRecord ? "\n" : "\t\n", at_);
    const size_t end = std::min(stop, block_.size());
    if (part_ == Part::kRecord) {
      // The line's end goes with the record.
      const size_t count = std::min(end + (stop == end ? 1 : 0) - at_, capacity - size);
      std::copy_n(block_.data() + at_, count, out + size);
      size += count;
      at_ += count;
      if (out[size - 1] == '\n') part_ = Part::kFile;
      continue;
    }
    (part_ == Part::kFile ? file_ : line_).append(block_, at_, end - at_);
    at_ = end;
    if (stop != end) continue;
    if (block_[at_++] == '\n') complain();
    if (part_ == Part::kLine) take_place();
    part_ = part_ == Part::kFile ? Part::kLine : Part::kRecord;
  }
  return size;
}

const LocatedBytes::Place& LocatedBytes::place_of(uint64_t line) {
  for (; first_ < line; ++first_) places_.pop_front();
  return places_.front();
}

bool LocatedBytes::refill() {
  block_.resize(size_t{1} << 16);
  block_.resize(source_->read(block_.data(), block_.size()));
  at_ = 0;
  return !block_.empty();
}

void LocatedBytes::take_place() {
  uint64_t number = 0;
  const char* const end = line_.data() + line_.size();
  const auto [stop, status] = std::from_chars(line_.data(), end, number);
  if (file_.empty() || status != std::errc() || stop != end || number == 0) complain();
  places_.push_back({std::move(file_), number});
  file_.clear();
  line_.clear();
}

void LocatedBytes::complain() const {
  throw Error(
      ErrorCode::kUsage,
      str_cat("line ", first_ + places_.size(), " of the stream: expected a file's name, a ",
              "tab, a line's number from 1 on, a tab and a record, got ",
              str_quote(str_cat(file_, line_.empty() ? "" : "\t", line_))));
}

}  // namespace rexbert::curate
