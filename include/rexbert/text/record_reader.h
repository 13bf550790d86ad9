#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "rexbert/core/compression.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::text {

// Bytes that can be read behind every record (simdjson reads past the end of its input).
inline constexpr size_t kRecordPadding = 64;

// A piece of a file between two separators. `bytes` has no line end at its own end.
struct Record {
  std::string_view bytes;
  uint64_t line = 0;      // 1-based
  uint64_t offset = 0;    // in the decompressed file
  bool too_long = false;  // then `bytes` is empty
};

// Cuts a byte stream into lines, paragraphs or one record for the whole file, in a buffer that
// holds at most one record and a block. A byte order mark at the start is left out.
class RecordReader {
 public:
  RecordReader(std::unique_ptr<ByteSource> source, PlainTextUnit unit, uint64_t max_record_bytes);

  // Moves to the next record, whose bytes are valid until the next call; false at the end. Whatever
  // `source` throws comes after all records that were whole before it.
  bool next(Record& record);
  // Bytes taken from the source's front so far, separators included.
  uint64_t consumed() const { return offset_; }

 private:
  struct End {
    size_t record;  // where the record ends, from begin_
    size_t next;    // where the one after it begins, from begin_
    bool found;
  };

  void skip_byte_order_mark();
  // `at_start`: the unconsumed bytes begin a record.
  End find_end(bool at_start);
  bool refill();
  void consume(size_t bytes);
  void skip_too_long();

  std::unique_ptr<ByteSource> source_;
  PlainTextUnit unit_;
  uint64_t max_record_bytes_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_ = 0;
  size_t begin_ = 0;    // first byte that is not consumed
  size_t end_ = 0;      // behind the last byte read
  size_t scanned_ = 0;  // from begin_: bytes known to hold no end
  bool started_ = false;
  bool at_end_ = false;
  uint64_t offset_ = 0;
  uint64_t line_ = 1;
};

}  // namespace rexbert::text
