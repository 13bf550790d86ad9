#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "rexbert/core/compression.h"

namespace rexbert::curate {

// The records of a stream whose lines say where each of them comes from: FILE, a tab, the 1-based
// LINE in it, a tab and the record. Reads as the records alone, a line each.
class LocatedBytes final : public ByteSource {
 public:
  explicit LocatedBytes(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // Throws Error(kUsage) naming the line of the stream that does not say where it comes from.
  size_t read(char* out, size_t capacity) override;

  struct Place {
    std::string file;
    uint64_t line = 0;
  };
  // Of the record in a line (1-based) of the stream that was read; lines are asked for in order.
  const Place& place_of(uint64_t line);

 private:
  enum class Part { kFile, kLine, kRecord };

  bool refill();
  void take_place();
  [[noreturn]] void complain() const;

  std::unique_ptr<ByteSource> source_;
  std::string block_;
  size_t at_ = 0;  // in block_
  Part part_ = Part::kFile;
  std::string file_;
  std::string line_;
  std::deque<Place> places_;  // of the lines first_, first_ + 1, ...
  uint64_t first_ = 1;
};

}  // namespace rexbert::curate
