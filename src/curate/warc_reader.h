#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>

#include "curate/header_fields.h"
#include "rexbert/core/compression.h"

namespace rexbert::curate {

struct WarcRecord {
  uint64_t index = 0;   // 1-based, in the file
  uint64_t offset = 0;  // of its header, in the decompressed file
  HeaderFields header;
  std::string_view content;
};

// The records of a WARC file (ISO 28500) of one type, in a buffer that holds at most one record and
// a block.
class WarcReader {
 public:
  enum class Outcome { kRecord, kOtherType, kBad, kEnd };

  // `type`: the WARC-Type of the records whose content is wanted.
  WarcReader(std::unique_ptr<ByteSource> source, std::string type, uint64_t max_record_bytes);

  // Moves to the next record; its content is valid until the next call. kBad: the record is broken,
  // cut off or too long, reason() says how; the next call goes on at the record behind it. What the
  // source throws comes behind all records that were whole before it.
  Outcome next(WarcRecord& record);
  const std::string& reason() const { return reason_; }
  // Bytes read of the decompressed file.
  uint64_t consumed() const { return offset_; }

 private:
  // Has `size` bytes in the buffer, or as many as there are; true for the former. Throws nothing.
  bool fill(size_t size);
  std::string_view data() const { return std::string_view(buffer_).substr(begin_); }
  void consume(size_t bytes);
  // Steps over up to `bytes`; returns how many there were.
  uint64_t skip(uint64_t bytes);
  void skip_line_ends();
  // Moves to where a record seems to begin.
  void find_record();
  bool read_header(WarcRecord& record);
  Outcome read_content(WarcRecord& record);
  Outcome bad(const WarcRecord& record, std::string_view reason);
  // The bytes end: throws what the source threw, if it did.
  void throw_failure() const;

  const std::unique_ptr<ByteSource> source_;
  const std::string type_;
  const uint64_t max_record_bytes_;
  std::string buffer_;
  size_t begin_ = 0;
  size_t content_ = 0;  // bytes of the last record's content, not consumed yet
  uint64_t offset_ = 0;
  uint64_t records_ = 0;
  std::exception_ptr failure_;
  std::string reason_;
};

}  // namespace rexbert::curate
